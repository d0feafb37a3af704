package observe

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Moment is a kind of thing that happens in a conversation.
type Moment string

// The moments.
const (
	Begins   Moment = "a leg begins"
	Answered Moment = "a leg is answered"
	Ends     Moment = "a leg ends"
	WrapsUp  Moment = "after-call work ends"
)

// moment is one of a session, whose id is equal in all mechanisms (protocol 7.1).
type moment struct {
	session string
	what    Moment
}

// told is when something happened, and who told it when.
type told struct {
	happened time.Time // as the best of them says
	best     int       // how good that is
	purpose  conversation.Purpose
	listens  bool // somebody says that the party only listens in, which detail events do not
	first    map[Mechanism]time.Time
}

// exactness is how well a mechanism knows when something happened: bodies of the
// live API do not say when a leg began.
var exactness = map[Mechanism]int{Live: 1, Snapshots: 2, DetailEvents: 3, Queue: 4, Records: 5}

// tell notes the moments that a mechanism has told by now.
func (c *observed) tell(by Mechanism, at time.Time) {
	for _, l := range c.pictures[by].Legs() {
		if l.Flattened { // its session is none of Genesys's
			continue
		}
		for _, m := range []struct {
			what Moment
			when time.Time
		}{{Begins, l.Start}, {Answered, l.Connected}, {Ends, l.End}, {WrapsUp, l.WrapUpEnd}} {
			shown := m.what == Begins && (by == Snapshots || by == Live) // which do not say since when
			if m.when.IsZero() && !shown || m.what == Answered && l.Side != conversation.AgentSide {
				continue
			}
			key := moment{l.Session.ID, m.what}
			t := c.moments[key]
			if t == nil {
				t = &told{first: map[Mechanism]time.Time{}}
				c.moments[key] = t
			}
			if !m.when.IsZero() && exactness[by] >= t.best {
				t.happened, t.best = m.when, exactness[by]
			}
			t.listens = t.listens || l.Supervises
			if l.Participant.Purpose != "" && (t.purpose == "" || by == Records) {
				t.purpose = l.Participant.Purpose
			}
			if t.first[by].IsZero() {
				t.first[by] = at
			}
		}
	}
}

// Lag is how late a mechanism told what happened while it was observed.
type Lag struct {
	Moments int          `json:"moments"`
	Least   Milliseconds `json:"leastMs"` // below zero: the clock of this machine is behind
	Median  Milliseconds `json:"medianMs"`
	P99     Milliseconds `json:"p99Ms"`
}

// lag is that of a mechanism; nil when nothing is to be said.
func (o *Observer) lag(m Mechanism) *Lag {
	if m == Live { // it is asked now and then
		return nil
	}
	var late []time.Duration
	for _, c := range o.conversations {
		for _, t := range c.moments {
			if heard := t.first[m]; !heard.IsZero() && t.happened.After(o.began) && !o.wasBlind(m, t.happened) && (m != DetailEvents || c.told(t.happened)) {
				late = append(late, heard.Sub(t.happened))
			}
		}
	}
	if late == nil {
		return nil
	}
	slices.Sort(late)
	return &Lag{len(late), Milliseconds(late[0]), Milliseconds(late[len(late)/2]), Milliseconds(late[len(late)*99/100])}
}

// settles is how long after an answer a subscription surely holds.
const settles = 2 * time.Second

// told reports whether detail events of the conversation were subscribed then.
func (c *observed) told(at time.Time) bool {
	return !c.subscribed.IsZero() && at.After(c.subscribed.Add(settles))
}

// wasBlind reports whether a mechanism heard nothing at the time, as its source
// has said.
func (o *Observer) wasBlind(m Mechanism, at time.Time) bool {
	h := o.heard[m]
	return h != nil && slices.ContainsFunc(h.blind, func(s span) bool { return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to)) })
}
