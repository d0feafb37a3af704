package genesys

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// decodeAnalytics decodes an analytics conversation (protocol 6.3).
func (r reader) decodeAnalytics(m *Message, data []byte) error {
	var b wire.AnalyticsConversation
	if err := wire.Unmarshal(data, &b); err != nil {
		return refused("analytics conversation", err)
	}
	return r.analytics(m, &b)
}

func (r reader) analytics(m *Message, b *wire.AnalyticsConversation) error {
	if b.ConversationID == "" {
		return refuse("analytics conversation", "conversationId is missing")
	}
	var times span
	times.add(b.ConversationStart.Time)
	times.add(b.ConversationEnd.Time)
	c := &conversation.Conversation{
		ID: b.ConversationID, Start: b.ConversationStart.Time, RecordedEnd: b.ConversationEnd.Time,
		ConferenceStart: b.ConferenceStart.Time, Initiator: conversation.ParsePurpose(b.ConversationInitiator),
		OriginatingDirection: conversation.ParseDirection(b.OriginatingDirection), ExternalTag: b.ExternalTag,
		CustomerParticipation: b.CustomerParticipation, SelfServed: b.SelfServed,
		DivisionIDs: b.DivisionIDs, KnowledgeBaseIDs: b.KnowledgeBaseIDs,
		MinMOS: b.MediaStatsMinConversationMOS.Value, MinRFactor: b.MediaStatsMinConversationRFactor.Value,
		AssociatedConversationID: b.AssociatedConversationID, ConsultationConversations: b.ConsultationConversationIDs,
		Participants: make([]*conversation.Participant, 0, len(b.Participants)),
	}
	gone := &lost{what: "analytics conversation", id: b.ConversationID}
	for i := range b.Participants {
		if p := analyticsParticipant(&b.Participants[i], i, &times, gone); p.ID != "" || len(p.Sessions) > 0 {
			c.Participants = append(c.Participants, p)
		}
	}
	for i := range b.Surveys {
		if s := &b.Surveys[i]; s.SurveyID != "" {
			c.Surveys = append(c.Surveys, analyticsSurvey(s))
		} else {
			gone.add(s, "surveyId is missing", "/surveys/%d", i)
		}
	}
	for i := range b.Evaluations {
		if e := &b.Evaluations[i]; e.EvaluationID != "" {
			c.Evaluations = append(c.Evaluations, analyticsEvaluation(e))
		} else {
			gone.add(e, "evaluationId is missing", "/evaluations/%d", i)
		}
	}
	var resolutions []conversation.Resolution
	for i := range b.Resolutions {
		if x := &b.Resolutions[i]; !wire.Empty(x) {
			resolutions = append(resolutions, conversation.Resolution{EventTime: x.EventTime.Time, QueueID: x.QueueID, UserID: x.UserID,
				NextContactAvoided: int64(x.NNextContactAvoided)})
		}
	}
	c.Resolutions = conversation.ListOf(resolutions...)
	if c.Start.IsZero() {
		c.Start = times.first
	}
	if c.RecordedEnd.IsZero() {
		endBareLegs(c)
	} else {
		closeLegs(c)
	}
	m.Kind = KindConversation
	m.Conversations = append(m.Conversations, conversation.State(c, conversation.Statement{
		By: conversation.SourceAnalytics, At: times.last, Seen: r.seen(c.ID, times.last)}))
	return gone.err()
}

func analyticsParticipant(b *wire.AnalyticsParticipant, i int, times *span, gone *lost) *conversation.Participant {
	p := &conversation.Participant{
		ID: b.ParticipantID, Purpose: conversation.ParsePurpose(b.Purpose), UserID: b.UserID, Name: b.ParticipantName,
		TeamID: b.TeamID, ExternalContactID: b.ExternalContactID, ExternalOrganizationID: b.ExternalOrganizationID,
		FlaggedReason: b.FlaggedReason, Attributes: b.Attributes,
	}
	if p.ID == "" { // its sessions join those of the same id
		own := *b
		own.Sessions = nil
		gone.add(own, "participantId is missing", "/participants/%d", i)
	}
	side := p.Purpose.Side()
	for k := range b.Sessions {
		if b.Sessions[k].SessionID == "" {
			gone.add(b.Sessions[k], "sessionId is missing", "/participants/%d/sessions/%d", i, k)
			continue
		}
		s := analyticsSession(&b.Sessions[k], side, i, k, times, gone)
		p.Sessions = append(p.Sessions, s)
		if p.QueueID == "" {
			p.QueueID = s.QueueID
		}
		if !s.Start.IsZero() && (p.Start.IsZero() || s.Start.Before(p.Start)) {
			p.Start = s.Start
		}
	}
	return p
}

func analyticsSession(b *wire.AnalyticsSession, side conversation.Side, i, k int, times *span, gone *lost) *conversation.Session {
	s := &conversation.Session{
		ID: b.SessionID, MediaType: conversation.ParseMediaType(b.MediaType), MessageType: conversation.ParseMessageType(b.MessageType),
		Direction: conversation.ParseDirection(b.Direction), Provider: b.Provider, PeerID: b.PeerID,
		ANI: b.ANI, DNIS: b.DNIS, SessionDNIS: b.SessionDNIS, AddressFrom: b.AddressFrom, AddressTo: b.AddressTo,
		AddressSelf: b.AddressSelf, AddressOther: b.AddressOther, Remote: b.Remote, RemoteNameDisplayable: b.RemoteNameDisplayable,
		DestinationAddresses: b.DestinationAddresses, CC: b.CC, BCC: b.BCC,
		ScriptID: b.ScriptID, RoomID: b.RoomID, ProtocolCallID: b.ProtocolCallID, EdgeID: b.EdgeID,
		Recording: b.Recording, ACWSkipped: b.ACWSkipped,
		MonitoredParticipantID: b.MonitoredParticipantID, CoachedParticipantID: b.CoachedParticipantID, BargedParticipantID: b.BargedParticipantID,
		ScreenMonitoredUserID: b.ScreenMonitoredUserID, Supervises: wire.Watches(b.Others) || b.ScreenMonitoredUserID != "",
		FlowInType: b.FlowInType, FlowOutType: b.FlowOutType,
		UsedRouting: conversation.ParseRoutingMethod(b.UsedRouting), RequestedRoutings: routings(b.RequestedRoutings), SelectedAgentID: b.SelectedAgentID,
		ActiveSkillIDs: b.ActiveSkillIDs, RemovedSkillIDs: b.RemovedSkillIDs, RoutingRing: int64(b.RoutingRing), AgentBullseyeRing: int64(b.AgentBullseyeRing),
		AgentAssistantID: b.AgentAssistantID,
		CallbackUserName: b.CallbackUserName, CallbackNumbers: b.CallbackNumbers, CallbackScheduledTime: b.CallbackScheduledTime.Time,
		SkipEnabled: b.SkipEnabled, TimeoutSeconds: seconds(b.TimeoutSeconds),
		OutboundCampaignID: b.OutboundCampaignID, OutboundContactID: b.OutboundContactID, OutboundContactListID: b.OutboundContactListID,
		DispositionName:   b.DispositionName,
		JourneyCustomerID: b.JourneyCustomerID, JourneyCustomerIDType: b.JourneyCustomerIDType,
		JourneyCustomerSessionID: b.JourneyCustomerSessionID, JourneyActionID: b.JourneyActionID,
		FlowID: b.Flow.FlowID, FlowName: b.Flow.FlowName, FlowType: b.Flow.FlowType, FlowVersion: b.Flow.FlowVersion,
		FlowEntryType: b.Flow.EntryType, FlowEntryReason: b.Flow.EntryReason, FlowExitReason: b.Flow.ExitReason,
		FlowTransferType: b.Flow.TransferType, FlowTransferTargetName: b.Flow.TransferTargetName, FlowTransferTargetAddress: b.Flow.TransferTargetAddress,
		FlowStartingLanguage: b.Flow.StartingLanguage, FlowEndingLanguage: b.Flow.EndingLanguage,
	}
	s.FlowOutcomes = flowOutcomes(b.Flow.Outcomes, gone, "/participants/%d/sessions/%d/flow/outcomes/%d", i, k)
	s.FlowMilestones = flowMilestones(b.Flow.Milestones, gone, "/participants/%d/sessions/%d/flow/milestones/%d", i, k)
	s.MediaEndpointStats = endpointStats(b.MediaEndpointStats)
	for n := range b.Segments {
		g := analyticsSegment(&b.Segments[n])
		if g.Type == "" && g.Start.IsZero() {
			gone.add(b.Segments[n], "segmentType and segmentStart are missing", "/participants/%d/sessions/%d/segments/%d", i, k, n)
			continue
		}
		times.add(g.Start)
		times.add(g.End)
		s.Segments = append(s.Segments, g)
	}
	for n, x := range b.Metrics {
		if x.Name == "" {
			gone.add(x, "name is missing", "/participants/%d/sessions/%d/metrics/%d", i, k, n)
			continue
		}
		times.add(x.EmitDate.Time)
		s.Metrics = append(s.Metrics, conversation.Metric{Name: x.Name, EmitDate: x.EmitDate.Time, Value: int64(x.Value)})
	}
	readLife(s, side)
	return s
}

func analyticsSegment(b *wire.AnalyticsSegment) *conversation.Segment {
	return &conversation.Segment{
		Type: conversation.ParseSegmentType(b.SegmentType), Start: b.SegmentStart.Time, End: b.SegmentEnd.Time,
		DisconnectType: conversation.ParseDisconnectType(b.DisconnectType), ErrorCode: b.ErrorCode,
		QueueID: b.QueueID, GroupID: b.GroupID, Subject: b.Subject, Conference: b.Conference,
		WrapUpCode: b.WrapUpCode, WrapUpNote: b.WrapUpNote, WrapUpTags: b.WrapUpTags,
		SourceConversationID: b.SourceConversationID, SourceSessionID: b.SourceSessionID,
		DestinationConversationID: b.DestinationConversationID, DestinationSessionID: b.DestinationSessionID,
		RequestedLanguageID: b.RequestedLanguageID, RequestedRoutingSkills: b.RequestedRoutingSkillIDs,
		RequestedRoutingUserIDs: b.RequestedRoutingUserIDs,
		Q850ResponseCodes:       ints(b.Q850ResponseCodes), SIPResponseCodes: ints(b.SIPResponseCodes),
	}
}

func ints(in []wire.Int) []int64 {
	var out []int64
	for _, n := range in {
		if n != 0 { // null
			out = append(out, int64(n))
		}
	}
	return out
}

// readLife states when the leg began, was connected and ended, and its
// after-call work, as its segments tell (protocol 6.4). An alert that failed is
// over, and so is a leg whose last segment has ended; but where nothing says that
// the leg has ended with it, that is stated as what it is (C13).
func readLife(s *conversation.Session, side conversation.Side) {
	var end, wrapUpEnd time.Time
	var wrapUpOpen, open, failed, lastFailed bool
	var lastOpen conversation.SegmentType
	for _, g := range s.Segments {
		s.Start = earlier(s.Start, g.Start)
		if g.ErrorCode != "" {
			s.ErrorCode = g.ErrorCode
		}
		if s.Subject == "" {
			s.Subject = g.Subject
		}
		if s.QueueID == "" && (side == conversation.QueueSide || side == conversation.AgentSide) {
			s.QueueID = g.QueueID
		}
		if g.Type == conversation.SegmentWrapup {
			s.ACWStart = earlier(s.ACWStart, g.Start)
			wrapUpEnd = later(wrapUpEnd, g.End)
			wrapUpOpen = wrapUpOpen || g.Open()
			if g.WrapUpCode != "" {
				s.WrapUpCode, s.WrapUpNote, s.WrapUpTags = g.WrapUpCode, g.WrapUpNote, g.WrapUpTags
			}
			if s.DisconnectType == "" {
				s.DisconnectType = g.DisconnectType
			}
			continue
		}
		if connects(g.Type, side) {
			s.ConnectedTime = earlier(s.ConnectedTime, g.Start)
		}
		if g.Open() {
			open, lastOpen = true, g.Type
			failed = g.ErrorCode != "" && !connects(g.Type, side)
			continue
		}
		if !g.End.Before(end) {
			lastFailed = g.ErrorCode != ""
			if g.DisconnectType != "" {
				s.DisconnectType = g.DisconnectType
			}
		}
		end = later(end, g.End)
	}
	if !wrapUpOpen {
		s.ACWEnd = wrapUpEnd
	}
	switch {
	case len(s.Segments) == 0:
	case !open && s.DisconnectType == "" && !lastFailed && s.ACWStart.IsZero():
		s.SegmentsEnded = true
	case !open:
		s.DisconnectedTime = end
		if end.IsZero() {
			s.DisconnectedTime = s.ACWStart
		}
		s.State = overState(s)
	case failed:
		s.State = overState(s)
	case !s.ConnectedTime.IsZero():
		s.State = conversation.StateConnected
	default:
		s.State = openStates[lastOpen]
	}
}

// overState is the state in which a leg ends (trap 9).
func overState(s *conversation.Session) conversation.SessionState {
	if s.MediaType == conversation.MediaVoice && !s.ConnectedTime.IsZero() {
		return conversation.StateTerminated
	}
	return conversation.StateDisconnected
}

// endBareLegs states of the legs without segments that they are no reason for the
// conversation to go on, in a record of which all segments have ended: what failed
// at once leaves a leg with a metric alone, or with nothing.
func endBareLegs(c *conversation.Conversation) {
	some := false
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			for _, g := range s.Segments {
				if some = true; g.Open() {
					return
				}
			}
		}
	}
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			s.SegmentsEnded = s.SegmentsEnded || some && len(s.Segments) == 0
		}
	}
}

// closeLegs ends the legs of a record that says that the conversation is over:
// with their last segment, where it does not show an end of that, with the
// conversation.
//
// The latter is a guess that counts as the record's word: where the record lags behind
// with the segment, it hides the earlier end that the live API has told. Were it derived
// from the end of the conversation, the leg would change without a statement about it;
// of such a leg storetest finds that who stated it is not stored.
func closeLegs(c *conversation.Conversation) {
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.SegmentsEnded && !s.Start.After(c.RecordedEnd) { // else it has re-opened the conversation
				s.SegmentsEnded = false
				for _, g := range s.Segments {
					s.DisconnectedTime = later(s.DisconnectedTime, g.End)
				}
				s.State = overState(s)
			}
			switch s.State {
			case "", conversation.StateDisconnected, conversation.StateTerminated:
				continue
			}
			if !s.Start.After(c.RecordedEnd) {
				s.DisconnectedTime, s.State = c.RecordedEnd, overState(s)
			}
		}
	}
}

// openStates are the live states that the open segments of a leg that is not
// connected yet stand for.
var openStates = map[conversation.SegmentType]conversation.SessionState{
	conversation.SegmentAlert:      conversation.StateAlerting,
	conversation.SegmentDialing:    conversation.StateDialing,
	conversation.SegmentContacting: conversation.StateContacting,
	conversation.SegmentScheduled:  conversation.StateScheduled,
}

// connects reports whether a leg is connected in a segment of the type. A
// person's leg is in those of talking and owning (7.3), not in those of
// listening in; a queue's and a flow's from the moment they have the
// conversation.
func connects(t conversation.SegmentType, side conversation.Side) bool {
	switch t {
	case conversation.SegmentInteract, conversation.SegmentHold, conversation.SegmentIVR, conversation.SegmentCallback,
		conversation.SegmentParked, conversation.SegmentSharing, conversation.SegmentVoicemail:
		return true
	case conversation.SegmentDelay:
		return side == conversation.QueueSide
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// decodeMetric decodes a bare metric record.
func (r reader) decodeMetric(m *Message, data []byte, topicID string) error {
	var b wire.MetricRecord
	if err := wire.Unmarshal(data, &b); err != nil {
		return refused("metric record", err)
	}
	return r.metric(m, &b, topicID)
}

// metric states one emission of a metric (3.8). The record does not name the
// participant, so its session joins the one of its id.
func (r reader) metric(m *Message, b *wire.MetricRecord, topicID string) error {
	id := b.ConversationID
	if id == "" {
		id = literal(topicID)
	}
	switch {
	case id == "":
		return refuse("metric record", "conversationId is missing")
	case b.Metric == "":
		return refuse("metric record", "metric is missing")
	case b.SessionID == "": // of the whole conversation: there is no place for it
		return &DecodeError{What: "metric record", ConversationID: id, Reason: "sessionId is missing"}
	}
	at := b.MetricDate.Time
	c := &conversation.Conversation{ID: id, Participants: []*conversation.Participant{{
		Sessions: []*conversation.Session{{
			ID: b.SessionID, MediaType: conversation.ParseMediaType(b.MediaType), MessageType: conversation.ParseMessageType(b.MessageType),
			Direction:      conversation.ParseDirection(b.Direction),
			ActiveSkillIDs: b.ActiveSkillIDs, RemovedSkillIDs: b.RemovedSkillIDs, RoutingRing: int64(b.RoutingRing), AgentBullseyeRing: int64(b.AgentBullseyeRing),
			AgentAssistantID: b.AgentAssistantID,
			Metrics:          []conversation.Metric{{Name: b.Metric, EmitDate: at, Value: int64(b.Value)}},
		}},
	}}}
	m.Kind = KindConversation
	m.Conversations = append(m.Conversations, conversation.State(c, conversation.Statement{
		By: conversation.SourceAnalytics, At: at, Seen: at}))
	return nil
}

func analyticsSurvey(b *wire.AnalyticsSurvey) *conversation.Survey {
	return &conversation.Survey{
		ID: b.SurveyID, Status: conversation.SurveyStatus(b.SurveyStatus), Type: b.SurveyType,
		FormID: b.SurveyFormID, FormContextID: b.SurveyFormContextID, FormName: b.SurveyFormName,
		UserID: b.UserID, QueueID: b.QueueID, EventTime: b.EventTime.Time, CompletedDate: b.SurveyCompletedDate.Time,
		Partial: b.SurveyPartialResponse, TotalScore: b.OSurveyTotalScore.Value, PromoterScore: b.SurveyPromoterScore.Value,
	}
}

func analyticsEvaluation(b *wire.AnalyticsEvaluation) *conversation.Evaluation {
	return &conversation.Evaluation{
		ID: b.EvaluationID, Status: conversation.ParseEvaluationStatus(b.EvaluationStatus), UserID: b.UserID,
		EvaluatorID: b.EvaluatorID, AssigneeID: b.AssigneeID, FormID: b.FormID, FormName: b.FormName, ContextID: b.ContextID,
		CalibrationID: b.CalibrationID, QueueID: b.QueueID, EventTime: b.EventTime.Time,
		Released: b.Released, Rescored: b.Rescored, Deleted: b.Deleted,
		AssigneeApplicable: b.AssigneeApplicable, SystemSubmitted: b.SystemSubmitted,
		TotalScore: b.OTotalScore.Value, TotalCriticalScore: b.OTotalCriticalScore.Value,
	}
}
