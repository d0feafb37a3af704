package events

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// skew is how far apart legs that end by one act can lie in real records
// (protocol 7.8: the customer's leg 15 ms after the agent's).
const skew = time.Second

// A stretch is a maximal time in which a person of the agents' side has at
// least one connected leg. A callback and its call, a call and the co-browse
// beside it are one stretch.
type stretch struct {
	legs      []*conversation.Leg // in the order in which they connected
	connected time.Time
	over      bool
	end       time.Time
}

// findStretches returns the stretches of all persons, in the order in which
// they began.
func findStretches(legs []conversation.Leg) []*stretch {
	var answered []*conversation.Leg
	for i := range legs {
		if l := &legs[i]; l.Side == conversation.AgentSide && l.Answered && !l.Supervises {
			answered = append(answered, l)
		}
	}
	slices.SortFunc(answered, func(a, b *conversation.Leg) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), connectedAt(a).Compare(connectedAt(b)), cmp.Compare(a.Session.ID, b.Session.ID))
	})
	var stretches []*stretch
	for i, l := range answered {
		if i > 0 && answered[i-1].Person == l.Person {
			if s := stretches[len(stretches)-1]; s.overlaps(l) {
				s.extend(l)
				continue
			}
		}
		stretches = append(stretches, &stretch{legs: []*conversation.Leg{l}, connected: connectedAt(l), over: l.Over, end: l.End})
	}
	slices.SortStableFunc(stretches, func(a, b *stretch) int { return a.connected.Compare(b.connected) })
	return stretches
}

// connectedAt is when the leg was connected, or the best guess.
func connectedAt(l *conversation.Leg) time.Time {
	for _, t := range []time.Time{l.Connected, l.Start, l.LiveParticipant().ConnectedTime, l.LiveParticipant().Start} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// overlaps reports whether a leg that connected no earlier than the stretch
// belongs to it. A leg that begins in the moment in which the last one ends
// carries it on: an agent's e-mail is a chain of such legs.
func (s *stretch) overlaps(l *conversation.Leg) bool {
	return !s.over || !connectedAt(l).After(s.end)
}

func (s *stretch) extend(l *conversation.Leg) {
	s.legs = append(s.legs, l)
	s.over = s.over && l.Over
	if l.End.After(s.end) {
		s.end = l.End
	}
}

// first returns the leg that stands for the stretch: the first one to connect
// whose session id is Genesys's.
func (s *stretch) first() *conversation.Leg {
	for _, l := range s.legs {
		if !l.Flattened {
			return l
		}
	}
	return s.legs[0]
}

// decisive returns the leg that says how the stretch ended: of those that
// ended with it, give or take the skew, one that was transferred, else one
// that the agent hung up, else the last. (An agent who completes a consult
// transfer has two legs, and the other one ends as peer.)
func (s *stretch) decisive() *conversation.Leg {
	var best *conversation.Leg
	for _, l := range s.legs {
		if l.End.Before(s.end.Add(-skew)) {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(weight(l), weight(best)), cmp.Compare(asInt(best.Flattened), asInt(l.Flattened)), l.End.Compare(best.End)) > 0 {
			best = l
		}
	}
	return best
}

func weight(l *conversation.Leg) int {
	switch {
	case byTransfer(l):
		return 2
	case l.Session.DisconnectType.ByOwnAct():
		return 1
	}
	return 0
}

// endSettling: the end is sure when snapshots or records show all legs over.
func (s *stretch) endSettling() Settling {
	for _, l := range s.legs {
		if l.OverBy.SingleFact() {
			return SettlesSoon
		}
	}
	return Settled
}

// sureFrom is since when the end is sure, if that is a conclusion from segments.
func (s *stretch) sureFrom() time.Time {
	var from time.Time
	for _, l := range s.legs {
		from = latest(from, l.SureFrom)
	}
	return from
}

// presence counts who is connected when.
type presence struct {
	stretches []*stretch  // in the order in which they began
	ends      []time.Time // of those that are over
}

func newPresence(stretches []*stretch) *presence {
	p := &presence{stretches: stretches}
	for _, s := range stretches {
		if s.over {
			p.ends = append(p.ends, latest(s.connected, s.end))
		}
	}
	slices.SortFunc(p.ends, time.Time.Compare)
	return p
}

// after returns how many agents are still connected after one has left at t.
// Those who left in the same moment do not count, nor does who came in it.
func (p *presence) after(t time.Time) int {
	moment := t.Add(skew)
	begun := sort.Search(len(p.stretches), func(i int) bool { return p.stretches[i].connected.After(t) })
	gone := sort.Search(len(p.ends), func(i int) bool { return p.ends[i].After(moment) })
	for _, s := range p.stretches[begun:] {
		if s.connected.After(moment) {
			break
		}
		if s.over && !s.end.After(moment) { // it has come in the moment, too
			gone--
		}
	}
	return begun - gone
}
