package events

import "github.com/dcmkit/convtrack/conversation"

// consultInitiator is the attribute that Genesys sets on the agent who
// consults (C3).
const consultInitiator = "consultInitiator"

// byTransfer reports whether the agent of the leg left it by a transfer.
func byTransfer(l *conversation.Leg) bool {
	return l.ConsultTransferred || l.Session.DisconnectType.ByTransfer()
}

// consult reports whether the transfer with which leg ended the stretch
// completed a consult, and whether that is sure. The disconnect type or the
// metric says so (C4); else a consult was open when the other agent joined: the
// leg itself ends with a plain transfer (C3). One that nobody answered, that was
// cancelled or went to voicemail is none: nobody else talks when the agent
// leaves.
func (t *targets) consult(s *stretch, leg *conversation.Leg) (is, sure bool) {
	if leg.ConsultTransferred {
		return true, true
	}
	if t.queueAt(leg.End) != nil {
		return false, true
	}
	other := t.attended(s, leg)
	if other == nil {
		other = t.untold(s, leg)
	}
	switch {
	case other == nil:
		return false, true
	case consults(leg) || consults(other):
		return true, true
	}
	return false, leg.Session.MediaType != conversation.MediaVoice // what says so may be on its way
}

// consults reports whether the leg's participant is, or was, on a side of a consult.
func consults(l *conversation.Leg) bool {
	p := l.LiveParticipant()
	return p.ConsultParticipantID != "" || p.Attributes[consultInitiator] == "true"
}

// attended returns the leg of another agent, or of an outside party whom the
// agent consulted, who joined during the stretch and was talking before leg
// ended it.
func (t *targets) attended(s *stretch, leg *conversation.Leg) *conversation.Leg {
	by := leg.End.Add(-skew)
	talking := func(l *conversation.Leg) bool {
		return l.Answered && joined(s, leg, l) && !connectedAt(l).After(leg.End.Add(skew))
	}
	if l := last(t.agents, by, talking); l != nil || !consults(leg) {
		return l
	}
	return last(t.outside, by, talking)
}

// untold returns the leg of another agent who joined during the stretch and of whom
// nobody has said whether he was talking when leg ended it: detail events say of a leg
// of no queue that it was answered with its end. Where somebody at the outside can be
// the target there is none, as who listens in looks alike.
func (t *targets) untold(s *stretch, leg *conversation.Leg) *conversation.Leg {
	outside := last(t.outside, leg.End.Add(skew), func(l *conversation.Leg) bool { return joined(s, leg, l) })
	if outside != nil || t.nextOutside(leg.End) != nil {
		return nil
	}
	return last(t.agents, leg.End.Add(-skew), func(l *conversation.Leg) bool {
		return joined(s, leg, l) && !l.Over && !l.Answered && l.KnownBy <= conversation.SourceDetailEvent
	})
}

// takesOver reports whether the leg of whom nobody has said whether he was talking is
// the one to which the agent has handed over.
func (t *targets) takesOver(s *stretch, leg *conversation.Leg) bool {
	l := t.untold(s, leg)
	if l == nil || t.queueAt(leg.End) != nil || l != t.likeliest(s, leg) {
		return false
	}
	command := t.command(s, leg)
	return command == nil || cameToNothing(command) || command.DestinationUserID == "" || command.DestinationUserID == l.Participant.UserID
}

// joined reports whether l is of another person, began during the stretch and
// outlives leg.
func joined(s *stretch, leg, l *conversation.Leg) bool {
	return l.Person != leg.Person && begin(l).After(s.connected) && (!l.Over || l.End.After(leg.End))
}
