package wire

// AnalyticsConversation is a conversation of the details query, of a details
// job or of GET /api/v2/analytics/conversations/{id}/details (protocol 6.3).
type AnalyticsConversation struct {
	ConversationID              string                         `json:"conversationId"`
	ConversationStart           Time                           `json:"conversationStart"`
	ConversationEnd             Time                           `json:"conversationEnd"`
	ConferenceStart             Time                           `json:"conferenceStart"`
	ConversationInitiator       string                         `json:"conversationInitiator"`
	OriginatingDirection        string                         `json:"originatingDirection"`
	ExternalTag                 string                         `json:"externalTag"`
	CustomerParticipation       bool                           `json:"customerParticipation"`
	SelfServed                  bool                           `json:"selfServed"`
	DivisionIDs                 Texts                          `json:"divisionIds"`
	KnowledgeBaseIDs            Texts                          `json:"knowledgeBaseIds"`
	AssociatedConversationID    string                         `json:"associatedConversationId"`
	ConsultationConversationIDs Texts                          `json:"consultationConversationIds"`
	Participants                Elements[AnalyticsParticipant] `json:"participants"`
	Evaluations                 Elements[AnalyticsEvaluation]  `json:"evaluations"`
	Surveys                     Elements[AnalyticsSurvey]      `json:"surveys"`
	Resolutions                 Elements[AnalyticsResolution]  `json:"resolutions"`

	MediaStatsMinConversationMOS     Score `json:"mediaStatsMinConversationMos"`
	MediaStatsMinConversationRFactor Score `json:"mediaStatsMinConversationRFactor"`
}

// AnalyticsParticipant can hold several sessions of the same agent.
type AnalyticsParticipant struct {
	ParticipantID          string                     `json:"participantId"`
	ParticipantName        string                     `json:"participantName"`
	Purpose                string                     `json:"purpose"`
	UserID                 string                     `json:"userId"`
	TeamID                 string                     `json:"teamId"`
	ExternalContactID      string                     `json:"externalContactId"`
	ExternalOrganizationID string                     `json:"externalOrganizationId"`
	FlaggedReason          string                     `json:"flaggedReason"`
	Attributes             Attributes                 `json:"attributes"` // job results only
	Sessions               Elements[AnalyticsSession] `json:"sessions"`
}

// AnalyticsSession is a leg.
type AnalyticsSession struct {
	SessionID   string `json:"sessionId"`
	MediaType   string `json:"mediaType"`
	MessageType string `json:"messageType"`
	Direction   string `json:"direction"`
	Provider    string `json:"provider"`
	PeerID      string `json:"peerId"`

	ANI                   string `json:"ani"`
	DNIS                  string `json:"dnis"`
	SessionDNIS           string `json:"sessionDnis"`
	AddressFrom           string `json:"addressFrom"`
	AddressTo             string `json:"addressTo"`
	AddressSelf           string `json:"addressSelf"`
	AddressOther          string `json:"addressOther"`
	Remote                string `json:"remote"`
	RemoteNameDisplayable string `json:"remoteNameDisplayable"`
	DestinationAddresses  Texts  `json:"destinationAddresses"`
	CC                    Texts  `json:"cc"`
	BCC                   Texts  `json:"bcc"`

	ScriptID       string `json:"scriptId"`
	RoomID         string `json:"roomId"`
	ProtocolCallID string `json:"protocolCallId"`
	EdgeID         string `json:"edgeId"`
	Recording      bool   `json:"recording"`
	ACWSkipped     bool   `json:"acwSkipped"`

	MonitoredParticipantID string `json:"monitoredParticipantId"`
	CoachedParticipantID   string `json:"coachedParticipantId"`
	BargedParticipantID    string `json:"bargedParticipantId"`
	ScreenMonitoredUserID  string `json:"screenMonitoredUserId"`

	FlowInType        string `json:"flowInType"`
	FlowOutType       string `json:"flowOutType"`
	UsedRouting       string `json:"usedRouting"`
	RequestedRoutings Texts  `json:"requestedRoutings"`
	SelectedAgentID   string `json:"selectedAgentId"`
	ActiveSkillIDs    Texts  `json:"activeSkillIds"`
	RemovedSkillIDs   Texts  `json:"removedSkillIds"`
	RoutingRing       Int    `json:"routingRing"`
	AgentBullseyeRing Int    `json:"agentBullseyeRing"`
	AgentAssistantID  string `json:"agentAssistantId"`

	CallbackUserName      string `json:"callbackUserName"`
	CallbackNumbers       Texts  `json:"callbackNumbers"`
	CallbackScheduledTime Time   `json:"callbackScheduledTime"`
	SkipEnabled           bool   `json:"skipEnabled"`
	TimeoutSeconds        Int    `json:"timeoutSeconds"`

	OutboundCampaignID    string `json:"outboundCampaignId"`
	OutboundContactID     string `json:"outboundContactId"`
	OutboundContactListID string `json:"outboundContactListId"`
	DispositionName       string `json:"dispositionName"`

	JourneyCustomerID        string `json:"journeyCustomerId"`
	JourneyCustomerIDType    string `json:"journeyCustomerIdType"`
	JourneyCustomerSessionID string `json:"journeyCustomerSessionId"`
	JourneyActionID          string `json:"journeyActionId"`

	Flow               AnalyticsFlow               `json:"flow"`
	Segments           Elements[AnalyticsSegment]  `json:"segments"`
	Metrics            Elements[AnalyticsMetric]   `json:"metrics"`
	MediaEndpointStats Elements[MediaEndpointStat] `json:"mediaEndpointStats"`

	Others Unknown `json:",embed"`
}

// AnalyticsFlow is what a flow did on a leg.
type AnalyticsFlow struct {
	FlowID                string `json:"flowId"`
	FlowName              string `json:"flowName"`
	FlowType              string `json:"flowType"`
	FlowVersion           string `json:"flowVersion"`
	EntryType             string `json:"entryType"`
	EntryReason           string `json:"entryReason"`
	ExitReason            string `json:"exitReason"`
	TransferType          string `json:"transferType"`
	TransferTargetName    string `json:"transferTargetName"`
	TransferTargetAddress string `json:"transferTargetAddress"`
	StartingLanguage      string `json:"startingLanguage"`
	EndingLanguage        string `json:"endingLanguage"`

	Outcomes   Elements[AnalyticsFlowOutcome] `json:"outcomes"`
	Milestones Elements[FlowMilestone]        `json:"milestones"`
}

// AnalyticsFlowOutcome is an outcome of a flow. Old records have its id and its
// value as one text only, with a colon between.
type AnalyticsFlowOutcome struct {
	FlowOutcome               string `json:"flowOutcome"`
	FlowOutcomeID             string `json:"flowOutcomeId"`
	FlowOutcomeValue          string `json:"flowOutcomeValue"`
	FlowOutcomeStartTimestamp Time   `json:"flowOutcomeStartTimestamp"`
	FlowOutcomeEndTimestamp   Time   `json:"flowOutcomeEndTimestamp"`
}

// FlowMilestone is a milestone that a flow has passed, in the spelling of
// detail events. That of records is not published; their id is taken in the
// spelling of the queries' dimension, too.
type FlowMilestone struct {
	MilestoneID     string `json:"milestoneId"`
	FlowMilestoneID string `json:"flowMilestoneId"`
	MilestoneTime   Time   `json:"milestoneTime"`
}

// MediaEndpointStat are the statistics of the audio at one endpoint of a leg.
type MediaEndpointStat struct {
	EventTime        Time  `json:"eventTime"`
	Codecs           Texts `json:"codecs"`
	MinMOS           Score `json:"minMos"`
	MinRFactor       Score `json:"minRFactor"`
	MaxLatencyMs     Int   `json:"maxLatencyMs"`
	ReceivedPackets  Int   `json:"receivedPackets"`
	DiscardedPackets Int   `json:"discardedPackets"`
	DuplicatePackets Int   `json:"duplicatePackets"`
	InvalidPackets   Int   `json:"invalidPackets"`
	OverrunPackets   Int   `json:"overrunPackets"`
	UnderrunPackets  Int   `json:"underrunPackets"`
}

// AnalyticsResolution says whether the next contact was avoided.
type AnalyticsResolution struct {
	EventTime           Time   `json:"eventTime"`
	QueueID             string `json:"queueId"`
	UserID              string `json:"userId"`
	NNextContactAvoided Int    `json:"nNextContactAvoided"`
}

// AnalyticsSegment is an interval of one activity.
type AnalyticsSegment struct {
	SegmentType    string `json:"segmentType"`
	SegmentStart   Time   `json:"segmentStart"`
	SegmentEnd     Time   `json:"segmentEnd"`
	DisconnectType string `json:"disconnectType"`
	ErrorCode      string `json:"errorCode"`
	QueueID        string `json:"queueId"`
	GroupID        string `json:"groupId"`
	Subject        string `json:"subject"`
	Conference     bool   `json:"conference"`
	WrapUpCode     string `json:"wrapUpCode"`
	WrapUpNote     string `json:"wrapUpNote"`
	WrapUpTags     Texts  `json:"wrapUpTags"`

	SourceConversationID      string `json:"sourceConversationId"`
	SourceSessionID           string `json:"sourceSessionId"`
	DestinationConversationID string `json:"destinationConversationId"`
	DestinationSessionID      string `json:"destinationSessionId"`

	RequestedLanguageID      string `json:"requestedLanguageId"`
	RequestedRoutingSkillIDs Texts  `json:"requestedRoutingSkillIds"`
	RequestedRoutingUserIDs  Texts  `json:"requestedRoutingUserIds"`
	Q850ResponseCodes        []Int  `json:"q850ResponseCodes"`
	SIPResponseCodes         []Int  `json:"sipResponseCodes"`
}

// AnalyticsMetric is one emission.
type AnalyticsMetric struct {
	Name     string `json:"name"`
	EmitDate Time   `json:"emitDate"`
	Value    Int    `json:"value"`
}

// AnalyticsEvaluation is an evaluation inside an analytics conversation.
type AnalyticsEvaluation struct {
	EvaluationID        string `json:"evaluationId"`
	EvaluationStatus    string `json:"evaluationStatus"`
	EvaluatorID         string `json:"evaluatorId"`
	AssigneeID          string `json:"assigneeId"`
	UserID              string `json:"userId"`
	QueueID             string `json:"queueId"`
	FormID              string `json:"formId"`
	FormName            string `json:"formName"`
	ContextID           string `json:"contextId"`
	CalibrationID       string `json:"calibrationId"`
	EventTime           Time   `json:"eventTime"`
	Released            bool   `json:"released"`
	Rescored            bool   `json:"rescored"`
	Deleted             bool   `json:"deleted"`
	AssigneeApplicable  bool   `json:"assigneeApplicable"`
	SystemSubmitted     bool   `json:"systemSubmitted"`
	OTotalScore         Score  `json:"oTotalScore"`
	OTotalCriticalScore Score  `json:"oTotalCriticalScore"`
}

// AnalyticsSurvey is a survey inside an analytics conversation.
type AnalyticsSurvey struct {
	SurveyID              string `json:"surveyId"`
	SurveyStatus          string `json:"surveyStatus"`
	SurveyType            string `json:"surveyType"`
	SurveyFormID          string `json:"surveyFormId"`
	SurveyFormContextID   string `json:"surveyFormContextId"`
	SurveyFormName        string `json:"surveyFormName"`
	UserID                string `json:"userId"`
	QueueID               string `json:"queueId"`
	EventTime             Time   `json:"eventTime"`
	SurveyCompletedDate   Time   `json:"surveyCompletedDate"`
	SurveyPartialResponse bool   `json:"surveyPartialResponse"`
	OSurveyTotalScore     Score  `json:"oSurveyTotalScore"`
	SurveyPromoterScore   Score  `json:"surveyPromoterScore"`
}
