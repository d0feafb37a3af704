package genesys

import (
	"cmp"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// detailEvent states what one v2.detail.events.conversation event says
// (protocol 3.4, 3.5): a leg began or ended, after-call work ended, an
// attribute changed. It carries its own time, so nothing depends on when it
// was read.
func (r reader) detailEvent(m *Message, t topic, b *wire.DetailEvent) error {
	id := cmp.Or(b.ConversationID, literal(t.id))
	switch {
	case id == "":
		return refuse(t.what(), "conversationId is missing")
	case b.EventTime.IsZero():
		return refuse(t.what(), "eventTime is missing")
	}
	at := b.EventTime.Time
	role, moment, _ := strings.Cut(t.event, ".")
	c := &conversation.Conversation{
		ID: id, Start: at,
		ExternalContactIDs:      b.ConversationExternalContactIDs,
		ExternalOrganizationIDs: b.ConversationExternalOrganizationIDs,
	}
	if b.DivisionID != "" {
		c.DivisionIDs = []string{b.DivisionID}
	}
	by := conversation.Statement{By: conversation.SourceDetailEvent, At: at, Seen: at}
	m.Kind = KindConversation
	p := &conversation.Participant{
		ID: b.ParticipantID, Purpose: detailPurpose(role, b), Attributes: b.Attributes,
		ExternalContactID: b.ExternalContactID, ExternalOrganizationID: b.ExternalOrganizationID,
	}
	switch role {
	case "acd":
		p.QueueID = b.QueueID
	case "user", "acw", "voicemail":
		p.UserID, p.QueueID = b.UserID, b.QueueID
	}
	if moment == "start" {
		p.Start = at
	}
	gone := lost{what: t.what(), id: id}
	gone.addUnplaced(role, b)
	if b.SessionID != "" {
		s := detailSession(role, moment, at, b)
		if moment == "outcome" {
			s.FlowOutcomes = outcomeOf(b, &gone)
		}
		s.FlowMilestones = flowMilestones(b.FlowMilestones, &gone, "/flowMilestones/%d")
		p.Sessions = []*conversation.Session{s}
	}
	for i, k := range b.Communications {
		if k.ID == "" {
			gone.add(k, "id is missing", "/communications/%d", i)
			continue
		}
		p.Sessions = append(p.Sessions, &conversation.Session{ID: k.ID, MediaType: conversation.ParseMediaType(k.MediaType)})
	}
	if p.ID != "" || len(p.Sessions) > 0 {
		c.Participants = []*conversation.Participant{p}
	}
	m.Conversations = append(m.Conversations, conversation.State(c, by))
	return gone.err()
}

// addUnplaced notes what a detail event says of a participant or a leg that it
// does not name. Only events of attributes are of no leg.
func (l *lost) addUnplaced(role string, b *wire.DetailEvent) {
	if b.ParticipantID != "" && b.SessionID != "" {
		return
	}
	of := *b
	of.ConversationID, of.DivisionID, of.ConversationExternalContactIDs, of.ConversationExternalOrganizationIDs = "", "", nil, nil
	of.Communications, of.Others = nil, nil
	person := wire.DetailEvent{UserID: of.UserID, Attributes: of.Attributes, ExternalContactID: of.ExternalContactID, ExternalOrganizationID: of.ExternalOrganizationID}
	of.UserID, of.Attributes, of.ExternalContactID, of.ExternalOrganizationID = "", nil, "", ""
	if b.ParticipantID == "" {
		l.add(person, "participantId is missing", "")
	}
	if of.ParticipantID = ""; role == "attributes" || role == "contact" {
		of.EventTime = wire.Time{} // nothing of a leg has happened then
	}
	if b.SessionID == "" {
		l.add(of, "sessionId is missing", "")
	}
}

// literal drops the "{id}" of a topic template.
func literal(id string) string {
	if id == "{id}" {
		return ""
	}
	return id
}

// detailPurpose is the role that the topic's name tells. A user's event with a
// queue is ACD work (3.4); an in-queue flow runs on the queue's leg.
func detailPurpose(role string, b *wire.DetailEvent) conversation.Purpose {
	switch role {
	case "customer":
		return conversation.PurposeCustomer
	case "acd":
		return conversation.PurposeACD
	case "voicemail":
		return conversation.PurposeVoicemail
	case "user", "acw":
		if b.QueueID != "" {
			return conversation.PurposeAgent
		}
		return conversation.PurposeUser
	case "flow":
		return flowPurpose(b.FlowType, b.MediaType)
	}
	return ""
}

func flowPurpose(flowType, mediaType string) conversation.Purpose {
	switch t := strings.ToUpper(flowType); {
	case strings.HasPrefix(t, "INQUEUE"):
		return ""
	case t == "BOT" || t == "DIGITALBOT":
		return conversation.PurposeBotflow
	case t == "VOICESURVEY":
		return conversation.PurposeVoiceSurveyFlow
	case t == "INBOUNDCALL" || t == "OUTBOUNDCALL" || t == "SECURECALL" || t == "VOICE",
		t == "" && strings.EqualFold(mediaType, "voice"):
		return conversation.PurposeIVR
	}
	return conversation.PurposeWorkflow
}

func detailSession(role, moment string, at time.Time, b *wire.DetailEvent) *conversation.Session {
	s := &conversation.Session{
		ID:          b.SessionID,
		MediaType:   conversation.ParseMediaType(b.MediaType),
		MessageType: conversation.ParseMessageType(b.MessageType),
		Direction:   conversation.ParseDirection(b.Direction),
		Provider:    b.Provider,
		Supervises:  wire.Watches(b.Others),
		QueueID:     b.QueueID,
		ANI:         b.ANI, DNIS: b.DNIS, AddressTo: b.AddressTo, AddressFrom: b.AddressFrom, Subject: b.Subject,

		CallbackUserName: b.CallbackUserName, CallbackNumbers: b.CallbackNumbers, CallbackScheduledTime: b.CallbackScheduledTime.Time,
		UtilizationLabel:         b.UtilizationLabel,
		JourneyCustomerSessionID: b.JourneyContext.SessionID, JourneyActionID: b.JourneyContext.ActionID,

		AlertingDurationMs: milliseconds(b.AlertingDurationMs), ContactingDurationMs: milliseconds(b.ContactingDurationMs),
		DialingDurationMs: milliseconds(b.DialingDurationMs), InteractingDurationMs: milliseconds(b.InteractingDurationMs),
		HeldDurationMs: milliseconds(b.HeldDurationMs), CallbackDurationMs: milliseconds(b.CallbackDurationMs),
		ConnectedDurationMs: milliseconds(b.ConnectedDurationMs), VoicemailDurationMs: milliseconds(b.VoicemailDurationMs),

		FlowID: b.FlowID, FlowType: b.FlowType, FlowVersion: b.FlowVersion,
		FlowExitReason: b.ExitReason, FlowTransferType: b.TransferType,

		ACDOutcome:     conversation.ParseACDOutcome(b.ACDOutcome),
		AnsweredUserID: b.AnsweredUserID,
		UsedRouting:    conversation.ParseRoutingMethod(b.UsedRouting), RequestedRoutings: routings(b.RequestedRoutings),
		RequestedRoutingSkills: b.RequestedRoutingSkillIDs, RequestedRoutingUserIDs: b.RequestedRoutingUserIDs,
		RequestedLanguageID: b.RequestedLanguageID, RoutingPriority: int64(b.RoutingPriority),

		OutboundCampaignID: b.OutboundCampaignID, OutboundContactID: b.OutboundContactID, OutboundContactListID: b.OutboundContactListID,
	}
	switch moment {
	case "start":
		s.Start, s.Starts = at, []time.Time{at}
	case "end":
		s.Ends = []time.Time{at}
		s.DisconnectType = conversation.ParseDisconnectType(b.DisconnectType)
	}
	if role == "acw" || role == "wrapup" {
		s.WrapUpCode, s.WrapUpNote, s.WrapUpDurationMs = b.WrapupCode, b.WrapupNotes, milliseconds(b.WrapupDurationMs)
	}
	if role == "acw" {
		s.ACWEnd = at
		if d := int64(b.WrapupDurationMs); d >= 0 && d < mostWrapUpMs {
			s.ACWStart = at.Add(-time.Duration(d) * time.Millisecond)
		}
	}
	return s
}

// mostWrapUpMs is a year: a longer wrap-up is a mistake.
const mostWrapUpMs = 366 * 24 * 60 * 60 * 1000

func routings(names []string) []string {
	var routings []string
	for _, n := range names {
		if r := conversation.ParseRoutingMethod(n); r != "" {
			routings = append(routings, string(r))
		}
	}
	return routings
}
