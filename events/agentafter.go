package events

import "time"

// AgentAfter returns the id of the user who has the conversation after an
// [AgentConnected] or an [AgentLeft], for a hook that takes both (one hook, as their
// order holds within it) and assigns something, such as a case, to that user: to who
// connected; when one has left, to who stays, so that a colleague who was only consulted
// gives it back, also when both leave in the same moment. Of several it is the one who has
// been connected longest.
//
// It is empty when nothing is to be changed: when the only one has left, for somebody who
// is no user, and for other events.
//
// Events are announced in the order in which their facts are heard. Where a source can
// bring some minutes late, as EventBridge does after an outage, keep the time of the event
// with what is assigned, and leave it to who has it since a later one.
func AgentAfter(e Event) (userID string) {
	switch e := e.(type) {
	case *AgentConnected:
		return e.UserID
	case *AgentLeft:
		if s := remaining(findStretches(e.Conversation.Legs()), e.Time); s != nil {
			return s.first().Participant.UserID
		}
	}
	return ""
}

// remaining returns the stretch that goes on when one has ended at t; where none does,
// the longest of several that ended in that moment; nil: there is none. The stretches are
// in the order in which they began.
func remaining(stretches []*stretch, t time.Time) *stretch {
	var ended []*stretch
	for _, s := range stretches {
		switch {
		case s.connected.After(t):
		case !s.over || s.end.After(t.Add(skew)):
			return s
		case s.end.After(t.Add(-skew)):
			ended = append(ended, s)
		}
	}
	if len(ended) < 2 {
		return nil
	}
	return ended[0]
}
