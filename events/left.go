package events

import (
	"github.com/dcmkit/convtrack/conversation"
)

// AgentLeft fires when the last connected leg of an agent's stretch ends, for
// whatever reason.
type AgentLeft struct {
	Header
	ParticipantID   string     `json:"participantId"`
	SessionID       string     `json:"sessionId"`
	UserID          string     `json:"userId,omitzero"`
	Reason          LeftReason `json:"reason"`
	RemainingAgents int        `json:"remainingAgents"` // others of the agents' side still connected
	// ConnectedDurationMs is how long the stretch lasted, hold included and
	// after-call work not, in milliseconds; 0 when its begin is not known.
	ConnectedDurationMs int64 `json:"connectedDurationMs"`
}

// LeftReason is why an agent's stretch ended.
type LeftReason string

// The reasons. CustomerLeft is the word where somebody else ended the leg and no
// customer was there any more: of a colleague who talked on with the agent, too.
const (
	LeftTransferred  LeftReason = "transferred"  // there is an AgentTransferred, too
	LeftDisconnected LeftReason = "disconnected" // there is an AgentDisconnected, too
	LeftCustomerLeft LeftReason = "customerLeft"
	LeftSystem       LeftReason = "system" // Genesys Cloud, a time-out
	LeftOther        LeftReason = "other"
)

func (e *AgentLeft) copied() Event { return copyOf(e) }

func (e *AgentLeft) subject() (participantID, sessionID string) { return e.ParticipantID, e.SessionID }

// left announces that the stretch is over, not before how it ended is announced.
func (d *deriver) left(s *stretch, leg *conversation.Leg, presence *presence, targets *targets, settling Settling) {
	if !d.wants.has(kindAgentLeft) {
		return
	}
	reason, sure := d.whyLeft(leg)
	e := &AgentLeft{ParticipantID: leg.Participant.ID, SessionID: leg.Session.ID, UserID: leg.Participant.UserID,
		Reason: reason, RemainingAgents: presence.after(leg.End)}
	if e.RemainingAgents == 0 && reason == LeftTransferred && targets.takesOver(s, leg) {
		e.RemainingAgents = 1
	}
	if !s.connected.IsZero() && s.end.After(s.connected) {
		e.ConnectedDurationMs = s.end.Sub(s.connected).Milliseconds()
	}
	settling = max(settling, s.endSettling())
	if !sure || e.RemainingAgents > 0 {
		settling = max(settling, SettlesSoon) // who leaves in the same moment does not remain
	}
	h := d.add(e, TypeAgentLeft, RuleLeft, leg.End, settling, s.first().Session.ID)
	h.aliases, h.sureFrom = d.aliases(s, TypeAgentLeft), s.sureFrom()
}

// whyLeft tells why the stretch that the leg ended is over; not sure while more
// may be said of it.
func (d *deriver) whyLeft(leg *conversation.Leg) (reason LeftReason, sure bool) {
	switch how := leg.Session.DisconnectType; {
	case byTransfer(leg):
		return LeftTransferred, true
	case how.ByOwnAct():
		return LeftDisconnected, true
	case how == "", how == conversation.DisconnectPeer:
		if customersLeft(d.c.Legs(), leg.End) {
			return LeftCustomerLeft, stays(leg)
		}
		return LeftOther, false
	case how == conversation.DisconnectSystem, how == conversation.DisconnectTimeout, how == conversation.DisconnectInactivity,
		how == conversation.DisconnectSessionExpired, how == conversation.DisconnectError, how == conversation.DisconnectTransportFailure:
		return LeftSystem, true
	}
	return LeftOther, true
}
