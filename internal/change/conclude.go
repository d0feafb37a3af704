package change

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
)

// Settling says how long conclusions wait before they are announced; negative:
// until the input has ended.
type Settling struct {
	Soon time.Duration // those that settle soon
	Late time.Duration // those that settle late
}

// Longest is how long a conclusion waits at the most, when it does not wait for
// the end of the input.
func (s Settling) Longest() time.Duration { return max(s.Soon, s.Late, 0) }

func (s Settling) wait(of events.Settling) time.Duration {
	switch of {
	case events.SettlesSoon:
		return s.Soon
	case events.SettlesLate:
		return s.Late
	}
	return 0
}

// AtTheEnd is when a conclusion is due that waits for the end of the input.
var AtTheEnd = time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)

// conclude finds the events to announce now, and returns those that wait:
// conclusions to settle, and facts that lie ahead. Once the conversation's end
// is announced no conclusion waits.
func (p *Plan) conclude(r *record.Record, q Request) []store.Pending {
	var waiting []events.Event
	var pending, ahead []store.Pending
	ended := false
	announced := func(id string) bool { return r.Announced[id] }
	old := history{of: r.Conversation, wants: q.Wants, announced: announced}
	var implied []events.Event
	unanswered := false
	if len(r.Record.Pending) == 0 {
		implied = events.Unannounced(p.Change.To, q.Wants, announced)
	} else {
		implied, unanswered = derive(p.Change.To, q.Wants, announced)
	}
	for _, e := range implied {
		h := e.Head()
		if at := h.NotBefore(); at.After(q.Now) || !q.Wall.IsZero() && at.After(q.Wall) {
			ahead = append(ahead, store.Pending{EventID: h.ID, Due: at})
			continue
		}
		if h.Type.Further() && old.has(h) && !h.Known(waits(r)) {
			continue
		}
		if !q.All {
			if due := due(h, r, q); due.After(q.Now) {
				waiting, pending = append(waiting, e), append(pending, store.Pending{EventID: h.ID, Due: due})
				continue
			}
		}
		if !p.encodes(e, q.Wants) {
			if h.Known(waits(r)) {
				ahead = append(ahead, store.Pending{EventID: h.ID, Due: q.Now.Add(askAgain)})
			}
			continue
		}
		p.Events = append(p.Events, e)
		ended = ended || h.Type == events.TypeConversationEnded
	}
	if ended && len(waiting) > 0 {
		p.Events, pending = append(p.Events, waiting...), nil
		slices.SortStableFunc(p.Events, events.InOrder)
	}
	if unanswered {
		ahead = append(ahead, missed(r.Record.Pending, implied, q.Now.Add(askAgain))...)
	}
	return append(pending, ahead...)
}

// askAgain is when a function of the host's that gave no answer, or data that cannot be
// encoded, is asked again, at the latest.
const askAgain = 5 * time.Minute

// encodes reports whether the event can be encoded, and keeps the data of one of the
// host's own, which only the host knows: without it everything else is announced. Those of
// this package are encoded when they are logged.
func (p *Plan) encodes(e events.Event, wants events.Wanted) bool {
	h := e.Head()
	if h.Rule != events.RuleDefined {
		return true
	}
	data, ok := wants.Encode(e)
	if !ok {
		return false
	}
	if p.data == nil {
		p.data = map[string][]byte{}
	}
	p.data[h.ID] = data
	return true
}

// derive returns the events that are not announced yet, and reports whether a
// function of the host's gave no answer.
func derive(c *conversation.Conversation, wants events.Wanted, announced func(id string) bool) (implied []events.Event, unanswered bool) {
	tell := wants.Failed
	wants.Failed = func(of events.Type, err error, stack string) {
		if unanswered = true; tell != nil {
			tell(of, err, stack)
		}
	}
	implied = events.Unannounced(c, wants, announced)
	return implied, unanswered
}

// missed returns what has waited and is not implied, because nobody says whether
// it still is. It goes on waiting: when it is left out and found again later, it is
// taken for what had happened before anybody wanted to know.
func missed(waiting []store.Pending, implied []events.Event, until time.Time) (kept []store.Pending) {
	for _, w := range waiting {
		is := func(id string) bool { return id == w.EventID }
		if slices.ContainsFunc(implied, func(e events.Event) bool { return e.Head().Known(is) }) {
			continue
		}
		if w.Due.Before(until) {
			w.Due = until
		}
		kept = append(kept, w)
	}
	return kept
}

// mostDoubt is how far ahead an end that is not sure yet may lie before it says
// nothing but that a clock is wrong.
const mostDoubt = 10 * time.Minute

// due is when the conclusion has settled: the first time that it was drawn
// counts. No conclusion waits longer than its kind does, whatever the clock
// said by which the stored time was written; but none is announced before it is
// sure. What somebody has decided on waits for nothing else.
func due(h *events.Header, r *record.Record, q Request) time.Time {
	if sure := h.SureFrom(); sure.After(q.Now) && sure.Before(q.Now.Add(mostDoubt)) {
		return sure
	}
	if h.Settling() == events.Settled || decided(h, r, &q) {
		return q.Now
	}
	due := AtTheEnd
	if wait := q.Settling.wait(h.Settling()); wait >= 0 {
		due = q.Now.Add(wait)
	}
	if was, waits := r.Pending(h.ID); waits && was.Due.Before(due) {
		return was.Due
	}
	return due
}
