package events

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// AgentAlerted fires when a leg of the agents' side begins to alert: each
// alert, also of the same agent. A channel of single facts tells it with the
// end of the leg. An agent who is connected without an alert (auto-answer) is not
// alerted, nor is a supervisor.
type AgentAlerted struct {
	Header
	ParticipantID string                 `json:"participantId"`
	SessionID     string                 `json:"sessionId"`
	Purpose       conversation.Purpose   `json:"purpose,omitzero"`
	UserID        string                 `json:"userId,omitzero"`
	QueueID       string                 `json:"queueId,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
}

// AgentUnanswered fires when an alert ends without an answer.
type AgentUnanswered struct {
	Header
	ParticipantID string                 `json:"participantId"`
	SessionID     string                 `json:"sessionId"`
	Purpose       conversation.Purpose   `json:"purpose,omitzero"`
	UserID        string                 `json:"userId,omitzero"`
	QueueID       string                 `json:"queueId,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
	Reason        UnansweredReason       `json:"reason"`
}

// UnansweredReason is why an alert was not answered.
type UnansweredReason string

// The reasons. Other is the word for a call that was forwarded, an alert that
// failed, a consult that was cancelled and what no message has shown.
const (
	UnansweredDeclined     UnansweredReason = "declined"
	UnansweredTimedOut     UnansweredReason = "timedOut"
	UnansweredCustomerLeft UnansweredReason = "customerLeft"
	UnansweredOther        UnansweredReason = "other"
)

func (e *AgentAlerted) copied() Event    { return copyOf(e) }
func (e *AgentUnanswered) copied() Event { return copyOf(e) }

func (e *AgentAlerted) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

func (e *AgentUnanswered) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

// alerts announces the alerts, and those that nobody answered.
func (d *deriver) alerts() {
	if !d.wants.has(kindAgentAlerted) && !d.wants.has(kindAgentUnanswered) {
		return
	}
	legs := d.c.Legs()
	for i := range legs {
		l := &legs[i]
		if !l.Alerted || l.Supervises || connectedElsewhere(legs, l) {
			continue
		}
		if d.wants.has(kindAgentAlerted) {
			d.alerted(l)
		}
		if d.wants.has(kindAgentUnanswered) && l.Over && !l.Answered {
			d.unanswered(l)
		}
	}
}

// connectedElsewhere reports whether the person was connected on another leg
// when this one began. A callback's call, a co-browse or a screen share alerts
// nobody again.
func connectedElsewhere(legs []conversation.Leg, l *conversation.Leg) bool {
	for i := range legs {
		k := &legs[i]
		if k.Person == l.Person && k.Session != l.Session && k.Side == conversation.AgentSide && k.Answered && !k.Supervises && during(l, k) {
			return true
		}
	}
	return false
}

// during reports whether the leg began while k was connected. Where nobody says
// when it began, the live API shows it in the participant of the same visit.
func during(l, k *conversation.Leg) bool {
	connected := connectedAt(k)
	if at := begin(l); !at.IsZero() && l.Start.Equal(at) {
		return connected.Before(at) && (!k.Over || k.End.After(at))
	}
	return l.Participant == k.Participant && (!l.Answered || connected.Before(connectedAt(l)))
}

func (d *deriver) alerted(l *conversation.Leg) {
	p := l.Participant
	e := &AgentAlerted{ParticipantID: p.ID, SessionID: l.Session.ID, Purpose: p.Purpose, UserID: p.UserID,
		QueueID: l.QueueID(), MediaType: l.Session.MediaType}
	settling := legSettling(l)
	if p.UserID == "" {
		settling = SettlesLate
	}
	at := l.Began()
	if l.Over && !l.End.IsZero() && l.End.Before(at) { // as in participants
		at = l.End
	}
	h := d.add(e, TypeAgentAlerted, RuleAlerted, at, settling, l.Session.ID)
	h.aliases = shadowOf(l, TypeAgentAlerted, "")
}

func (d *deriver) unanswered(l *conversation.Leg) {
	p := l.Participant
	reason, sure := d.whyUnanswered(l)
	e := &AgentUnanswered{ParticipantID: p.ID, SessionID: l.Session.ID, Purpose: p.Purpose, UserID: p.UserID,
		QueueID: l.QueueID(), MediaType: l.Session.MediaType, Reason: reason}
	settling := legSettling(l)
	switch {
	case p.UserID == "":
		settling = SettlesLate
	case !sure || l.OverBy.SingleFact():
		settling = SettlesSoon
	}
	h := d.add(e, TypeAgentUnanswered, RuleUnanswered, l.End, settling, l.Session.ID)
	h.aliases, h.sureFrom = shadowOf(l, TypeAgentUnanswered, ""), l.SureFrom
}

// whyUnanswered tells by how the leg ended why nobody answered it; not sure
// while more may be said of it.
func (d *deriver) whyUnanswered(l *conversation.Leg) (reason UnansweredReason, sure bool) {
	switch how := l.Session.DisconnectType; how {
	case conversation.DisconnectDNDEndpoint:
		return UnansweredDeclined, true
	case conversation.DisconnectSystem, conversation.DisconnectTimeout, conversation.DisconnectNoAnswerTransfer:
		return UnansweredTimedOut, true
	case conversation.DisconnectPeer:
		if customersLeft(d.c.Legs(), l.End) {
			return UnansweredCustomerLeft, stays(l)
		}
		return UnansweredOther, false
	case "":
		return UnansweredOther, false
	default:
		if how.ByOwnAct() {
			return UnansweredDeclined, true
		}
	}
	return UnansweredOther, true
}

// stays reports whether that the other side ended the leg is its true cause: the
// live API restates a specific one as peer while the leg winds down (protocol 9.1).
func stays(l *conversation.Leg) bool {
	return l.OverBy >= conversation.SourceAnalytics && l.Session.DisconnectType == conversation.DisconnectPeer
}

// customersLeft reports whether there were customers at t, and all of them
// left then or before, give or take the skew.
func customersLeft(legs []conversation.Leg, t time.Time) bool {
	some := false
	for i := range legs {
		l := &legs[i]
		if l.Side != conversation.CustomerSide || begin(l).After(t) {
			continue
		}
		if !overBy(l, t.Add(skew)) {
			return false
		}
		some = true
	}
	return some
}

// overBy reports whether the leg was over at t. One that goes on after an end
// was over in between.
func overBy(l *conversation.Leg, t time.Time) bool {
	if l.Over && !l.End.After(t) {
		return true
	}
	began, ended := 0, 0
	for _, at := range l.Session.Starts {
		began += asInt(!at.After(t))
	}
	for _, at := range l.Session.Ends {
		ended += asInt(!at.After(t))
	}
	return ended > 0 && ended >= began
}
