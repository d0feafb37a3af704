package observe

import (
	"cmp"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Loss is what a mechanism should have told and did not.
type Loss struct {
	Mechanism Mechanism `json:"mechanism"`
	Moment    Moment    `json:"moment"`
	Of        string    `json:"of"`      // the purpose of the leg
	Missing   int       `json:"missing"` // that others told, and it did not
	Should    int       `json:"should"`  // that it should have told
	Blind     int       `json:"blind"`   // of those missing: in a gap that its source announced
	// Conversations are running numbers of some in which it is missing.
	Conversations []int `json:"conversations"`
}

// mostExamples is how many conversations are named.
const mostExamples = 5

// losses compares who has told what, of what happened from the beginning until
// grace before the end.
func (o *Observer) losses(end time.Time) []Loss {
	type key struct {
		m    Mechanism
		what Moment
		of   conversation.Purpose
	}
	found := map[key]*Loss{}
	for _, id := range o.order {
		c := o.conversations[id]
		for at, t := range c.moments {
			if !t.happened.After(o.began) || t.happened.After(end.Add(-o.grace)) {
				continue
			}
			for _, m := range Mechanisms() {
				if o.heard[m] == nil || !c.shouldTell(m, at.what, t) {
					continue
				}
				k := key{m, at.what, t.purpose}
				if found[k] == nil {
					found[k] = &Loss{Mechanism: m, Moment: at.what, Of: word(string(t.purpose))}
				}
				l := found[k]
				l.Should++
				if !t.first[m].IsZero() {
					continue
				}
				l.Missing++
				if o.wasBlind(m, t.happened) {
					l.Blind++
				}
				if len(l.Conversations) < mostExamples && !slices.Contains(l.Conversations, c.number) {
					l.Conversations = append(l.Conversations, c.number)
				}
			}
		}
	}
	var all []Loss
	for _, l := range found {
		if l.Missing > 0 {
			slices.Sort(l.Conversations)
			all = append(all, *l)
		}
	}
	slices.SortFunc(all, func(a, b Loss) int {
		return cmp.Or(slices.Index(Mechanisms(), a.Mechanism)-slices.Index(Mechanisms(), b.Mechanism), cmp.Compare(a.Moment, b.Moment), cmp.Compare(a.Of, b.Of))
	})
	return all
}

// shouldTell reports whether a mechanism that hears should have told a moment.
func (c *observed) shouldTell(m Mechanism, what Moment, t *told) bool {
	if what == Answered && t.listens {
		return false
	}
	if what == WrapsUp && t.best < exactness[DetailEvents] {
		return false // the live API alone says so, where a party left
	}
	switch m {
	case Snapshots: // of conversations in which a user or a queue has a part
		return c.pictures[Snapshots] != nil || c.involvesSomebody()
	case DetailEvents: // of those of flows none is subscribed
		return t.purpose != conversation.PurposeIVR && t.purpose != conversation.PurposeWorkflow && (what == Begins || what == Ends) && firesDetailEvents(t.purpose) && c.told(t.happened)
	case Queue:
		return (what == Begins || what == Ends) && firesDetailEvents(t.purpose)
	case Records:
		return firesDetailEvents(t.purpose) && slices.ContainsFunc(c.reads, func(r time.Time) bool { return r.After(t.happened) })
	}
	return false // the live API is asked now and then
}

// involvesSomebody reports whether a user or a queue has a part, as anybody says.
func (c *observed) involvesSomebody() bool {
	for _, p := range c.pictures {
		if slices.ContainsFunc(p.Participants, func(of *conversation.Participant) bool { return of.UserID != "" || of.QueueID != "" }) {
			return true
		}
	}
	return false
}

// firesDetailEvents reports whether there are detail events, and records, of a
// party: of some that only the live API knows there are none. Of external ones it
// is not known (protocol 7.14); see the fact external-parties.
func firesDetailEvents(p conversation.Purpose) bool {
	return slices.Contains([]conversation.Purpose{conversation.PurposeCustomer, conversation.PurposeIVR, conversation.PurposeWorkflow, conversation.PurposeACD,
		conversation.PurposeAgent, conversation.PurposeUser}, p)
}
