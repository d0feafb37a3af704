package events

import "github.com/dcmkit/convtrack/conversation"

// ConversationQueued fires when an acd leg begins to wait in a queue: once for
// each visit. A callback that is scheduled begins to wait when it is due.
type ConversationQueued struct {
	Header
	ParticipantID string                 `json:"participantId"`
	SessionID     string                 `json:"sessionId"`
	QueueID       string                 `json:"queueId,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
}

func (e *ConversationQueued) copied() Event { return copyOf(e) }

func (e *ConversationQueued) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

func (d *deriver) queued() {
	if !d.wants.has(kindConversationQueued) {
		return
	}
	legs := d.c.Legs()
	for i := range legs {
		l := &legs[i]
		if l.Side != conversation.QueueSide {
			continue
		}
		e := &ConversationQueued{ParticipantID: l.Participant.ID, SessionID: l.Session.ID,
			QueueID: l.QueueID(), MediaType: l.Session.MediaType}
		settling := legSettling(l)
		if e.QueueID == "" {
			settling = SettlesLate
		}
		h := d.add(e, TypeConversationQueued, RuleQueued, l.Began(), settling, l.Session.ID)
		h.aliases = shadowOf(l, TypeConversationQueued, "")
		if h.Time.Equal(l.Session.CallbackScheduledTime) {
			h.notBefore = h.Time
		}
	}
}

// shadowOf is what was announced of a leg while only media topics had shown it.
func shadowOf(l *conversation.Leg, t Type, more string) []alias {
	if l.Shadow == "" || l.Shadow == l.Session.ID {
		return nil
	}
	return []alias{{of: t, session: l.Shadow, more: more}}
}

// legSettling: a better word on a leg that only single facts have shown may be
// on its way.
func legSettling(l *conversation.Leg) Settling {
	if l.KnownBy.SingleFact() {
		return SettlesSoon
	}
	return Settled
}
