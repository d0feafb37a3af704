package events

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// AgentWrappedUp fires when the after-call work of an agent who was connected
// has a wrap-up code, and again when the code changes, also weeks after the
// end. Only a code that stands is announced, and each code of a stretch once: one
// that is heard of after the code that corrected it is not. So the code that was
// announced last stands, unless an agent has gone back to an earlier one; which
// one stands, the session of the header's Conversation says in any case.
type AgentWrappedUp struct {
	Header
	ParticipantID  string `json:"participantId"`
	SessionID      string `json:"sessionId"`
	UserID         string `json:"userId,omitzero"`
	WrapUpCode     string `json:"wrapUpCode"` // the code's id
	WrapUpName     string `json:"wrapUpName,omitzero"`
	WrapUpNote     string `json:"wrapUpNote,omitzero"`
	WrapUpDuration int64  `json:"wrapUpDurationMs,omitzero"` // milliseconds
}

func (e *AgentWrappedUp) copied() Event { return copyOf(e) }

func (e *AgentWrappedUp) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

// wrappedUp announces each code of the stretch once.
func (d *deriver) wrappedUp(s *stretch) {
	if !d.wants.has(kindAgentWrappedUp) {
		return
	}
	announced := map[string]bool{}
	for _, leg := range s.legs {
		code := leg.Session.WrapUpCode
		if code == "" || announced[code] {
			continue
		}
		announced[code] = true
		e := &AgentWrappedUp{ParticipantID: leg.Participant.ID, SessionID: leg.Session.ID, UserID: leg.Participant.UserID,
			WrapUpCode: code, WrapUpName: leg.Session.WrapUpName, WrapUpNote: leg.Session.WrapUpNote, WrapUpDuration: wrapUpDuration(leg)}
		h := d.add(e, TypeAgentWrappedUp, RuleWrappedUp, wrappedUpAt(leg), legSettling(leg), s.first().Session.ID, code)
		for _, a := range append(d.aliases(s, TypeAgentWrappedUp), d.inVainBefore(s)...) {
			a.more = code
			h.aliases = append(h.aliases, a)
		}
	}
}

// inVainBefore are the ids of what could have been announced of the stretch while a leg
// that nobody answered was taken for its begin: detail events tell of an alert with its
// end.
func (d *deriver) inVainBefore(s *stretch) []alias {
	var since time.Time // when the person was connected before
	var list []alias
	legs, person := d.c.Legs(), s.first().Person
	for i := range legs {
		if l := &legs[i]; l.Answered && l.Person == person && !l.Supervises && connectedAt(l).Before(s.connected) {
			since = latest(since, connectedAt(l))
		}
	}
	for i := range legs {
		l := &legs[i]
		if at := begin(l); !l.Answered && l.Person == person && !l.Supervises && at.After(since) && !at.After(s.connected) {
			list = append(list, alias{of: TypeAgentWrappedUp, session: l.Session.ID})
		}
	}
	return list
}

func wrappedUpAt(l *conversation.Leg) time.Time {
	if !l.WrapUpEnd.IsZero() {
		return l.WrapUpEnd
	}
	return l.End
}

func wrapUpDuration(l *conversation.Leg) int64 {
	s := l.Session
	if s.WrapUpDurationMs > 0 || s.ACWStart.IsZero() || !s.ACWEnd.After(s.ACWStart) {
		return max(s.WrapUpDurationMs, 0)
	}
	return s.ACWEnd.Sub(s.ACWStart).Milliseconds()
}
