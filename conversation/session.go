package conversation

import "time"

// Session is one leg of the conversation with one medium. Its id is equal on
// all channels (the live API calls it a communication id) and is the safest
// key there is.
type Session struct {
	ID          string       `json:"sessionId"`
	MediaType   MediaType    `json:"mediaType,omitzero"`
	MessageType MessageType  `json:"messageType,omitzero"`
	Direction   Direction    `json:"direction,omitzero"`
	Provider    string       `json:"provider,omitzero"`
	State       SessionState `json:"state,omitzero"`

	// Start is when the leg began: alerting or dialing for an agent.
	Start time.Time `json:"startTime,omitzero"`
	// ConnectedTime is when the leg was answered; zero for a leg that never
	// was. Detail events do not say it: then it follows from their durations.
	ConnectedTime time.Time `json:"connectedTime,omitzero"`
	// DisconnectedTime is the hang-up. After-call work comes later.
	DisconnectedTime time.Time      `json:"disconnectedTime,omitzero"`
	DisconnectType   DisconnectType `json:"disconnectType,omitzero"`
	ErrorCode        string         `json:"errorCode,omitzero"`

	QueueID string `json:"queueId,omitzero"`
	PeerID  string `json:"peerId,omitzero"` // the leg at the other side; may point nowhere after merges

	ANI                   string   `json:"ani,omitzero"`  // who calls: the customer in inbound calls, the organisation in outbound ones
	DNIS                  string   `json:"dnis,omitzero"` // who is called
	SessionDNIS           string   `json:"sessionDnis,omitzero"`
	AddressFrom           string   `json:"addressFrom,omitzero"`
	AddressTo             string   `json:"addressTo,omitzero"`
	AddressSelf           string   `json:"addressSelf,omitzero"`
	AddressOther          string   `json:"addressOther,omitzero"`
	Remote                string   `json:"remote,omitzero"`
	RemoteNameDisplayable string   `json:"remoteNameDisplayable,omitzero"`
	DestinationAddresses  []string `json:"destinationAddresses,omitzero"`
	Subject               string   `json:"subject,omitzero"`
	CC                    []string `json:"cc,omitzero"`
	BCC                   []string `json:"bcc,omitzero"`

	ScriptID       string `json:"scriptId,omitzero"`
	RoomID         string `json:"roomId,omitzero"`
	ProtocolCallID string `json:"protocolCallId,omitzero"`
	EdgeID         string `json:"edgeId,omitzero"`

	MonitoredParticipantID string `json:"monitoredParticipantId,omitzero"`
	CoachedParticipantID   string `json:"coachedParticipantId,omitzero"`
	BargedParticipantID    string `json:"bargedParticipantId,omitzero"`
	// ScreenMonitoredUserID is whose screen is watched.
	ScreenMonitoredUserID string `json:"screenMonitoredUserId,omitzero"`

	// Flags side by side take the least memory, as there are many sessions.
	Held        bool `json:"held,omitzero"` // this leg is on hold
	Muted       bool `json:"muted,omitzero"`
	Parked      bool `json:"parked,omitzero"` // the agent parked the e-mail or message; the leg is not over
	Recording   bool `json:"recording,omitzero"`
	Supervises  bool `json:"supervises,omitzero"` // the leg is only for watching, by any sign
	ACWRequired bool `json:"afterCallWorkRequired,omitzero"`
	ACWSkipped  bool `json:"acwSkipped,omitzero"`
	SkipEnabled bool `json:"skipEnabled,omitzero"` // of a callback

	HoldStart  time.Time `json:"startHoldTime,omitzero"`
	ParkTime   time.Time `json:"parkTime,omitzero"`
	ResumeTime time.Time `json:"resumeTime,omitzero"`

	ACWState ACWState  `json:"afterCallWorkState,omitzero"`
	ACWStart time.Time `json:"startAcwTime,omitzero"`
	ACWEnd   time.Time `json:"endAcwTime,omitzero"`

	WrapUpCode       string    `json:"wrapUpCode,omitzero"` // the code's id; empty when none was chosen
	WrapUpName       string    `json:"wrapUpName,omitzero"` // only the live API gives it: empty after another source has corrected the code
	WrapUpNote       string    `json:"wrapUpNote,omitzero"`
	WrapUpTags       []string  `json:"wrapUpTags,omitzero"`
	WrapUpDurationMs int64     `json:"wrapUpDurationMs,omitzero"`
	WrapUpEnd        time.Time `json:"wrapUpEndTime,omitzero"`

	FlowID                    string `json:"flowId,omitzero"`
	FlowName                  string `json:"flowName,omitzero"`
	FlowType                  string `json:"flowType,omitzero"`
	FlowVersion               string `json:"flowVersion,omitzero"`
	FlowEntryType             string `json:"flowEntryType,omitzero"`
	FlowEntryReason           string `json:"flowEntryReason,omitzero"`
	FlowExitReason            string `json:"flowExitReason,omitzero"`
	FlowTransferType          string `json:"flowTransferType,omitzero"`
	FlowTransferTargetName    string `json:"flowTransferTargetName,omitzero"`
	FlowTransferTargetAddress string `json:"flowTransferTargetAddress,omitzero"`
	FlowStartingLanguage      string `json:"flowStartingLanguage,omitzero"`
	FlowEndingLanguage        string `json:"flowEndingLanguage,omitzero"`

	// FlowOutcomes and FlowMilestones are in the order of their times.
	FlowOutcomes   List[FlowOutcome]   `json:"flowOutcomes,omitzero"`
	FlowMilestones List[FlowMilestone] `json:"flowMilestones,omitzero"`

	FlowInType  string `json:"flowInType,omitzero"` // on acd legs: agent when an agent transferred it here
	FlowOutType string `json:"flowOutType,omitzero"`

	ACDOutcome              ACDOutcome    `json:"acdOutcome,omitzero"`
	AnsweredUserID          string        `json:"answeredUserId,omitzero"`
	UsedRouting             RoutingMethod `json:"usedRouting,omitzero"`
	RequestedRoutings       []string      `json:"requestedRoutings,omitzero"`
	RequestedRoutingSkills  []string      `json:"requestedRoutingSkillIds,omitzero"`
	RequestedRoutingUserIDs []string      `json:"requestedRoutingUserIds,omitzero"`
	RequestedLanguageID     string        `json:"requestedLanguageId,omitzero"`
	RoutingPriority         int64         `json:"routingPriority,omitzero"`
	SelectedAgentID         string        `json:"selectedAgentId,omitzero"`
	ActiveSkillIDs          []string      `json:"activeSkillIds,omitzero"`  // that routing still asked for
	RemovedSkillIDs         []string      `json:"removedSkillIds,omitzero"` // that bullseye routing gave up
	RoutingRing             int64         `json:"routingRing,omitzero"`     // of bullseye or preferred agent routing; 1 is the first
	AgentBullseyeRing       int64         `json:"agentBullseyeRing,omitzero"`
	AgentAssistantID        string        `json:"agentAssistantId,omitzero"`
	UtilizationLabel        string        `json:"utilizationLabel,omitzero"`

	CallbackUserName      string    `json:"callbackUserName,omitzero"`
	CallbackNumbers       []string  `json:"callbackNumbers,omitzero"`
	CallbackScheduledTime time.Time `json:"callbackScheduledTime,omitzero"`
	TimeoutSeconds        int64     `json:"timeoutSeconds,omitzero"`

	OutboundCampaignID    string `json:"outboundCampaignId,omitzero"`
	OutboundContactID     string `json:"outboundContactId,omitzero"`
	OutboundContactListID string `json:"outboundContactListId,omitzero"`
	DispositionName       string `json:"dispositionName,omitzero"`

	JourneyCustomerID        string `json:"journeyCustomerId,omitzero"`
	JourneyCustomerIDType    string `json:"journeyCustomerIdType,omitzero"`
	JourneyCustomerSessionID string `json:"journeyCustomerSessionId,omitzero"`
	JourneyActionID          string `json:"journeyActionId,omitzero"`

	// The durations of the …end detail events. Whether the interacting time
	// contains the held time is not documented.
	AlertingDurationMs    int64 `json:"alertingDurationMs,omitzero"`
	ContactingDurationMs  int64 `json:"contactingDurationMs,omitzero"`
	DialingDurationMs     int64 `json:"dialingDurationMs,omitzero"`
	InteractingDurationMs int64 `json:"interactingDurationMs,omitzero"`
	HeldDurationMs        int64 `json:"heldDurationMs,omitzero"`
	CallbackDurationMs    int64 `json:"callbackDurationMs,omitzero"`
	ConnectedDurationMs   int64 `json:"connectedDurationMs,omitzero"`
	VoicemailDurationMs   int64 `json:"voicemailDurationMs,omitzero"`

	// MediaEndpointStats say how good the audio of the leg was.
	MediaEndpointStats List[MediaEndpointStat] `json:"mediaEndpointStats,omitzero"`

	Segments []*Segment `json:"segments,omitzero"`
	Metrics  []Metric   `json:"metrics,omitzero"`

	// Starts and Ends are the times of the …start and …end detail events. An
	// e-mail can have several pairs while the agent still owns it, and an end
	// may carry an earlier time than its start (protocol trap 11): the leg is
	// over when it has as many ends as starts.
	Starts []time.Time `json:"-"`
	Ends   []time.Time `json:"-"`

	// LiveParticipantID is the participant that the live API and detail events
	// put the leg in; analytics may gather it elsewhere (protocol 7.1).
	LiveParticipantID string `json:"-"`
	// WasConnected says that somebody has seen the leg connected: the state
	// itself goes on.
	WasConnected bool `json:"-"`
	// SegmentsEnded says that a record shows an end of each of the leg's segments,
	// or of all segments but none of this leg, and nothing that says that the leg
	// itself has ended: the next segment may not be written yet.
	SegmentsEnded bool `json:"-"`

	owner Source // who says to which participant the session belongs
	// segmentsBy is the source of the segments: they are taken from the
	// highest source that has any, as REST and analytics cut them differently.
	segmentsBy Source
	// shadow marks what a media topic says of the leg: it has no session id.
	shadow bool
	// filled marks a session that shows facts of a shadow.
	filled bool
	// overBySegments marks a leg that is over because its segments have ended.
	overBySegments bool
	// covered is what sources say of the leg in the fields in which its shadow
	// is further along or newer, or its segments are; nil when there are none.
	covered *covered
	stamps  stamps
	// What was said of another wrap-up code and another flow than those shown.
	otherWrapUpName, otherWrapUpNote, otherFlowName *attributedText
}

var (
	wrapUpName = &belonging[Session]{
		text:   func(s *Session) *string { return &s.WrapUpName },
		id:     func(s *Session) *string { return &s.WrapUpCode },
		hidden: func(s *Session) **attributedText { return &s.otherWrapUpName },
	}
	wrapUpNote = &belonging[Session]{
		text:   func(s *Session) *string { return &s.WrapUpNote },
		id:     func(s *Session) *string { return &s.WrapUpCode },
		hidden: func(s *Session) **attributedText { return &s.otherWrapUpNote },
	}
	flowName = &belonging[Session]{
		text:   func(s *Session) *string { return &s.FlowName },
		id:     func(s *Session) *string { return &s.FlowID },
		hidden: func(s *Session) **attributedText { return &s.otherFlowName },
	}
	sessionTexts = []*belonging[Session]{wrapUpName, wrapUpNote, flowName}
)

var sessionFields = newSchema(func(s *Session) *stamps { return &s.stamps }, derivedOfSession,
	ordered("state", func(s *Session) *SessionState { return &s.State }, stateOrder),
	instant("startTime", first, func(s *Session) *time.Time { return &s.Start }),
	instant("connectedTime", first, func(s *Session) *time.Time { return &s.ConnectedTime }),
	instant("disconnectedTime", last, func(s *Session) *time.Time { return &s.DisconnectedTime }),
	disconnect("disconnectType", func(s *Session) *DisconnectType { return &s.DisconnectType }),
	asFlag(flag("held", newest, func(s *Session) *bool { return &s.Held })),
	flag("wasConnected", forward, func(s *Session) *bool { return &s.WasConnected }),
	text("mediaType", ranked, func(s *Session) *MediaType { return &s.MediaType }),
	text("messageType", ranked, func(s *Session) *MessageType { return &s.MessageType }),
	text("direction", ranked, func(s *Session) *Direction { return &s.Direction }),
	text("provider", ranked, func(s *Session) *string { return &s.Provider }),
	text("errorCode", settled, func(s *Session) *string { return &s.ErrorCode }),
	text("queueId", settled, func(s *Session) *string { return &s.QueueID }),
	asFlag(text("peerId", newest, func(s *Session) *string { return &s.PeerID })),
	text("ani", settled, func(s *Session) *string { return &s.ANI }),
	text("dnis", settled, func(s *Session) *string { return &s.DNIS }),
	text("sessionDnis", settled, func(s *Session) *string { return &s.SessionDNIS }),
	text("addressFrom", settled, func(s *Session) *string { return &s.AddressFrom }),
	text("addressTo", settled, func(s *Session) *string { return &s.AddressTo }),
	text("addressSelf", settled, func(s *Session) *string { return &s.AddressSelf }),
	text("addressOther", settled, func(s *Session) *string { return &s.AddressOther }),
	text("remote", settled, func(s *Session) *string { return &s.Remote }),
	text("remoteNameDisplayable", settled, func(s *Session) *string { return &s.RemoteNameDisplayable }),
	texts("destinationAddresses", settled, func(s *Session) *[]string { return &s.DestinationAddresses }),
	text("subject", settled, func(s *Session) *string { return &s.Subject }),
	texts("cc", settled, func(s *Session) *[]string { return &s.CC }),
	texts("bcc", settled, func(s *Session) *[]string { return &s.BCC }),
	text("scriptId", settled, func(s *Session) *string { return &s.ScriptID }),
	text("roomId", settled, func(s *Session) *string { return &s.RoomID }),
	text("protocolCallId", settled, func(s *Session) *string { return &s.ProtocolCallID }),
	text("edgeId", settled, func(s *Session) *string { return &s.EdgeID }),
	text("monitoredParticipantId", settled, func(s *Session) *string { return &s.MonitoredParticipantID }),
	text("coachedParticipantId", settled, func(s *Session) *string { return &s.CoachedParticipantID }),
	text("bargedParticipantId", settled, func(s *Session) *string { return &s.BargedParticipantID }),
	asFlag(flag("muted", newest, func(s *Session) *bool { return &s.Muted })),
	asFlag(flag("parked", newest, func(s *Session) *bool { return &s.Parked })),
	asFlag(instant("startHoldTime", newest, func(s *Session) *time.Time { return &s.HoldStart })),
	instant("parkTime", newest, func(s *Session) *time.Time { return &s.ParkTime }),
	instant("resumeTime", newest, func(s *Session) *time.Time { return &s.ResumeTime }),
	asFlag(flag("recording", newest, func(s *Session) *bool { return &s.Recording })),
	flag("afterCallWorkRequired", forward, func(s *Session) *bool { return &s.ACWRequired }),
	ordered("afterCallWorkState", func(s *Session) *ACWState { return &s.ACWState }, acwOrder),
	instant("startAcwTime", first, func(s *Session) *time.Time { return &s.ACWStart }),
	instant("endAcwTime", first, func(s *Session) *time.Time { return &s.ACWEnd }),
	flag("acwSkipped", forward, func(s *Session) *bool { return &s.ACWSkipped }),
	identifying(text("wrapUpCode", newest, func(s *Session) *string { return &s.WrapUpCode }), wrapUpName, wrapUpNote),
	textOf("wrapUpName", newest, wrapUpName),
	textOf("wrapUpNote", newest, wrapUpNote),
	statedWith("wrapUpCode", texts("wrapUpTags", newest, func(s *Session) *[]string { return &s.WrapUpTags })),
	number("wrapUpDurationMs", newest, func(s *Session) *int64 { return &s.WrapUpDurationMs }),
	instant("wrapUpEndTime", newest, func(s *Session) *time.Time { return &s.WrapUpEnd }),
	identifying(text("flowId", settled, func(s *Session) *string { return &s.FlowID }), flowName),
	textOf("flowName", settled, flowName),
	text("flowType", settled, func(s *Session) *string { return &s.FlowType }),
	text("flowVersion", settled, func(s *Session) *string { return &s.FlowVersion }),
	text("flowEntryType", settled, func(s *Session) *string { return &s.FlowEntryType }),
	text("flowEntryReason", settled, func(s *Session) *string { return &s.FlowEntryReason }),
	text("flowExitReason", settled, func(s *Session) *string { return &s.FlowExitReason }),
	text("flowTransferType", settled, func(s *Session) *string { return &s.FlowTransferType }),
	text("flowTransferTargetName", settled, func(s *Session) *string { return &s.FlowTransferTargetName }),
	text("flowTransferTargetAddress", settled, func(s *Session) *string { return &s.FlowTransferTargetAddress }),
	gone[Session]("flowOutcomeId"),
	gone[Session]("flowOutcomeValue"),
	text("flowInType", settled, func(s *Session) *string { return &s.FlowInType }),
	text("flowOutType", settled, func(s *Session) *string { return &s.FlowOutType }),
	text("acdOutcome", settled, func(s *Session) *ACDOutcome { return &s.ACDOutcome }),
	text("answeredUserId", settled, func(s *Session) *string { return &s.AnsweredUserID }),
	text("usedRouting", settled, func(s *Session) *RoutingMethod { return &s.UsedRouting }),
	texts("requestedRoutings", settled, func(s *Session) *[]string { return &s.RequestedRoutings }),
	texts("requestedRoutingSkillIds", settled, func(s *Session) *[]string { return &s.RequestedRoutingSkills }),
	texts("requestedRoutingUserIds", settled, func(s *Session) *[]string { return &s.RequestedRoutingUserIDs }),
	text("requestedLanguageId", settled, func(s *Session) *string { return &s.RequestedLanguageID }),
	number("routingPriority", settled, func(s *Session) *int64 { return &s.RoutingPriority }),
	text("selectedAgentId", settled, func(s *Session) *string { return &s.SelectedAgentID }),
	text("utilizationLabel", settled, func(s *Session) *string { return &s.UtilizationLabel }),
	text("callbackUserName", settled, func(s *Session) *string { return &s.CallbackUserName }),
	texts("callbackNumbers", settled, func(s *Session) *[]string { return &s.CallbackNumbers }),
	instant("callbackScheduledTime", settled, func(s *Session) *time.Time { return &s.CallbackScheduledTime }),
	flag("skipEnabled", forward, func(s *Session) *bool { return &s.SkipEnabled }),
	number("timeoutSeconds", settled, func(s *Session) *int64 { return &s.TimeoutSeconds }),
	text("outboundCampaignId", settled, func(s *Session) *string { return &s.OutboundCampaignID }),
	text("outboundContactId", settled, func(s *Session) *string { return &s.OutboundContactID }),
	text("outboundContactListId", settled, func(s *Session) *string { return &s.OutboundContactListID }),
	text("dispositionName", settled, func(s *Session) *string { return &s.DispositionName }),
	text("journeyCustomerId", settled, func(s *Session) *string { return &s.JourneyCustomerID }),
	text("journeyCustomerIdType", settled, func(s *Session) *string { return &s.JourneyCustomerIDType }),
	text("journeyCustomerSessionId", settled, func(s *Session) *string { return &s.JourneyCustomerSessionID }),
	text("journeyActionId", settled, func(s *Session) *string { return &s.JourneyActionID }),
	number("alertingDurationMs", settled, func(s *Session) *int64 { return &s.AlertingDurationMs }),
	number("contactingDurationMs", settled, func(s *Session) *int64 { return &s.ContactingDurationMs }),
	number("dialingDurationMs", settled, func(s *Session) *int64 { return &s.DialingDurationMs }),
	number("interactingDurationMs", settled, func(s *Session) *int64 { return &s.InteractingDurationMs }),
	number("heldDurationMs", settled, func(s *Session) *int64 { return &s.HeldDurationMs }),
	number("callbackDurationMs", settled, func(s *Session) *int64 { return &s.CallbackDurationMs }),
	number("connectedDurationMs", settled, func(s *Session) *int64 { return &s.ConnectedDurationMs }),
	number("voicemailDurationMs", settled, func(s *Session) *int64 { return &s.VoicemailDurationMs }),
	instants("starts", union, func(s *Session) *[]time.Time { return &s.Starts }),
	instants("ends", union, func(s *Session) *[]time.Time { return &s.Ends }),
	text("liveParticipantId", ranked, func(s *Session) *string { return &s.LiveParticipantID }),
	text("screenMonitoredUserId", settled, func(s *Session) *string { return &s.ScreenMonitoredUserID }),
	flag("supervises", forward, func(s *Session) *bool { return &s.Supervises }),
	keyed("flowOutcomes", union, func(s *Session) *List[FlowOutcome] { return &s.FlowOutcomes }, FlowOutcome.key, FlowOutcome.rest, packedOutcome),
	keyed("flowMilestones", union, func(s *Session) *List[FlowMilestone] { return &s.FlowMilestones }, FlowMilestone.key, FlowMilestone.rest, packedMilestone),
	keyed("mediaEndpointStats", settled, func(s *Session) *List[MediaEndpointStat] { return &s.MediaEndpointStats }, MediaEndpointStat.key, MediaEndpointStat.rest, packedEndpointStat),
	text("flowStartingLanguage", settled, func(s *Session) *string { return &s.FlowStartingLanguage }),
	text("flowEndingLanguage", settled, func(s *Session) *string { return &s.FlowEndingLanguage }),
	texts("activeSkillIds", settled, func(s *Session) *[]string { return &s.ActiveSkillIDs }),
	texts("removedSkillIds", union, func(s *Session) *[]string { return &s.RemovedSkillIDs }),
	number("routingRing", settled, func(s *Session) *int64 { return &s.RoutingRing }),
	number("agentBullseyeRing", settled, func(s *Session) *int64 { return &s.AgentBullseyeRing }),
	text("agentAssistantId", settled, func(s *Session) *string { return &s.AgentAssistantID }),
	ofReading(flag("segmentsEnded", newest, func(s *Session) *bool { return &s.SegmentsEnded })),
)

// The places in sessionFields of the fields that are derived when nobody
// states them, of the flag that every snapshot states, and of what the
// derivation asks for.
const (
	fieldSessionState = iota
	fieldSessionStart
	fieldSessionConnected
	fieldSessionDisconnected
	fieldSessionDisconnectType
	fieldSessionHeld
	fieldSessionWasConnected

	fieldSessionSegmentsEnded = 111
)

// ShadowSession returns the session by which a decoder states what a media
// topic says of a leg: such topics flatten the leg into its participant and do
// not name its session. The facts fill what other sources leave open about the
// participant's leg in that medium, and stand alone where nothing else is
// known.
func ShadowSession(participantID string, media MediaType) *Session {
	return &Session{ID: participantID + "/" + string(media), MediaType: media, shadow: true}
}

// stated returns who states the field at place i of sessionFields.
func (s *Session) stated(i int) Source { return sessionFields.source(s, i) }
