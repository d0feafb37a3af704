package change

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
)

// Patience says how long hooks are asked again by themselves about facts that
// are kept aside; negative: not at all.
type Patience struct {
	Undecided time.Duration // from the first fact to the last time that NotYet counts
	Refused   time.Duration // from the first refusal to when somebody has to decide
}

// The pause until a refused change is tried again is as long as it has been
// refused already, within these.
const (
	leastPause = 10 * time.Second
	mostPause  = 10 * time.Minute
)

// asksAgain reports whether hooks are asked now about the facts that are kept
// aside, with those of the request.
func asksAgain(kept *store.Refused, q *Request) bool {
	waits := !kept.Next.IsZero()
	switch {
	case q.Decision != nil, q.Settle && waits && isDue(kept, q):
		return true
	case !kept.Undecided():
		return false
	case kept.Overruled:
		return len(q.Facts) > 0
	}
	return q.All && waits || join(kept.Facts, q.Facts) != kept.Facts
}

// isDue reports whether what is kept aside has waited long enough. Nothing waits
// longer than the longest pause, whatever the clock was by which the time was written.
func isDue(kept *store.Refused, q *Request) bool {
	return !kept.Next.After(q.Now) || kept.Next.Sub(q.Now) > max(mostPause, q.Patience.Undecided)
}

// waitsUntil is until when conclusions wait because of what is kept aside.
func waitsUntil(kept *store.Refused) time.Time {
	if kept.Next.IsZero() {
		return AtTheEnd
	}
	return kept.Next
}

// decided reports whether somebody has decided on the conclusion: it was refused, or has
// settled while it waited with what was. One that waits longer by itself has not settled,
// nor has one that waits for the end of the input.
func decided(h *events.Header, r *record.Record, q *Request) bool {
	kept := r.Refused
	if q.Decision == nil || kept == nil {
		return false
	}
	settles := q.Settling.wait(h.Settling())
	return h.Known(func(id string) bool {
		was, waits := r.Pending(id)
		return id == kept.EventID || waits && settles >= 0 && !was.Due.After(waitsUntil(kept)) && q.Now.Sub(since(kept, q)) >= settles
	})
}

// since is since when facts are kept aside; one that lies ahead is of a clock that
// was wrong.
func since(kept *store.Refused, q *Request) time.Time {
	if kept.Since.After(q.Now) {
		return stored(q.Now)
	}
	return kept.Since
}

// mustDecide reports whether a hook that is asked now is asked for the last
// time.
func mustDecide(kept *store.Refused, q *Request) bool {
	return q.Patience.Undecided < 0 || kept != nil && (kept.Overruled || q.All || q.Now.Sub(kept.Since) >= q.Patience.Undecided)
}

// SkippedAt names what is left out of a hook at an event. What is kept aside is a version of the
// conversation, too, so the event of a version has another id each time.
func SkippedAt(hook string, h *events.Header) store.Skipped {
	if h.Type == events.TypeConversationChanged {
		return store.Skipped{Hook: hook, EventID: string(h.Type)}
	}
	return store.Skipped{Hook: hook, EventID: h.ID}
}

// skipped is what somebody has decided not to ask, before or now about those events.
// Without what was decided before two hooks that fail would take turns for ever.
func skipped(kept *store.Refused, q *Request, about []events.Event) []store.Skipped {
	if q.Decision == nil || *q.Decision != store.Skip {
		return kept.Skipped
	}
	all := slices.Clone(kept.Skipped)
	for _, e := range about {
		if x := SkippedAt(kept.Hook, e.Head()); !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}

// keepAside adds what was heard to what is kept aside.
func keepAside(r *record.Record, facts []*conversation.Conversation) *Plan {
	all := join(r.Refused.Facts, facts)
	if all == r.Refused.Facts {
		return nil
	}
	kept := *r.Refused
	kept.Facts = all
	return &Plan{Change: aside(r, &kept)}
}

// Refuse returns the change that keeps the facts of a request aside, because a
// Before hook has failed on them in an attempt that left out what skipped says.
func Refuse(r *record.Record, q Request, f store.Failure, skipped []store.Skipped) *Plan {
	kept := &store.Refused{Failure: f, Since: stored(q.Now), Skipped: skipped}
	if was := r.Refused; was != nil {
		kept.Facts, kept.Overruled, kept.Attempts = was.Facts, was.Overruled, f.Attempts+was.Attempts
		if q.Decision == nil { // else the tries begin anew
			kept.Since = since(was, &q)
		}
	}
	kept.Facts = join(kept.Facts, q.Facts)
	if refused, last := q.Now.Sub(kept.Since), kept.Since.Add(q.Patience.Refused); q.Now.Before(last) {
		kept.Next = stored(q.Now).Add(min(max(refused, leastPause), mostPause))
		if kept.Next.After(last) {
			kept.Next = last
		}
	}
	return &Plan{Change: aside(r, kept)}
}

// PutOff returns the change that keeps the facts of a request aside, because a
// Before hook cannot decide on them yet.
func PutOff(r *record.Record, q Request, e *events.NotYetError, about store.Event, skipped []store.Skipped) *Plan {
	kept := &store.Refused{Since: stored(q.Now), Skipped: skipped, Failure: store.Failure{Hook: e.Hook, EventID: about.ID, Type: about.Type, Error: e.Reason}}
	if r.Refused != nil {
		kept.Facts, kept.Since = r.Refused.Facts, since(r.Refused, &q)
	}
	kept.Facts, kept.Next = join(kept.Facts, q.Facts), kept.Since.Add(q.Patience.Undecided)
	return &Plan{Change: aside(r, kept)}
}

// Lift returns the change that takes a tombstone away: the hooks are asked when
// the conversation is heard of next.
func Lift(r *record.Record, q Request) *Plan {
	return &Plan{Change: aside(r, &store.Refused{Facts: join(nil, q.Facts), Since: stored(q.Now), Overruled: true})}
}

// stored is the time as stores keep it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// aside leaves the conversation as it is. Its conclusions are not drawn before
// the hooks are asked again: they wait until then, so that they are known not to
// be history.
func aside(r *record.Record, kept *store.Refused) *store.Change {
	c := &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: r.Conversation, Refused: kept}
	next := waitsUntil(kept)
	if !kept.Next.IsZero() {
		c.Pending = append(c.Pending, store.Pending{EventID: kept.EventID, Due: next})
	}
	for _, p := range r.Record.Pending {
		if p.Due.Before(next) {
			p.Due = next
		}
		if p.EventID != kept.EventID || kept.Next.IsZero() {
			c.Pending = append(c.Pending, p)
		}
	}
	return c
}
