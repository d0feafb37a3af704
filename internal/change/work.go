package change

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
)

// Request is what is to be done to a conversation.
type Request struct {
	Facts  []*conversation.Conversation // what was heard, in order
	Settle bool                         // a conclusion is due
	All    bool                         // all conclusions are due: the input has ended
	// Decision is what to do with a change that was refused; nil when nobody
	// has decided.
	Decision *store.Decision
	// Vetoes are of events that Before hooks have vetoed in an attempt that was
	// rolled back. Nobody is asked about them again.
	Vetoes map[string]Veto
	// Wants is which of the further events are wanted.
	Wants events.Wanted
	// Now is when conclusions are drawn.
	Now      time.Time
	Settling Settling
}

// Plan is the next version of a conversation, on its way to the store.
type Plan struct {
	Change *store.Change
	// Events are to be announced with the change.
	Events []events.Event
	// Except names the Before hook that is left out.
	Except string

	lastSeq int64
	vetoes  map[string]Veto
}

// Work works out what the request does to the record; nil when there is nothing
// to write. A change that Before hooks refused stays as it is until somebody
// decides: what is heard meanwhile is kept beside it.
func Work(r *record.Record, q Request) *Plan {
	switch {
	case r.Tombstone():
		return nil
	case r.Refused != nil && q.Decision == nil:
		return keepAside(r, q.Facts)
	}
	p := &Plan{lastSeq: r.LastSeq, vetoes: q.Vetoes}
	to := r.Conversation
	if r.Refused != nil {
		to = conversation.Merge(to, r.Refused.Facts)
		if *q.Decision == store.Skip {
			p.Except = r.Refused.Hook
		}
	}
	if to = join(to, q.Facts); to == nil {
		return nil
	}
	p.Change = &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: to}
	p.Change.Restate()
	same := p.Change.Delta().Empty() && r.Refused == nil
	if same && !q.Settle {
		return nil
	}
	p.Change.Pending = p.conclude(r, q)
	if q.Wants.Has(events.TypeConversationChanged) && !same {
		if e := events.ChangedIn(r.Version+1, r.Conversation, to, q.Now); e != nil {
			p.Events = append(p.Events, e)
		}
	}
	if same && len(p.Events) == 0 && samePending(p.Change.Pending, r.Record.Pending) {
		return nil
	}
	for _, e := range p.Events {
		if v, vetoed := p.vetoes[e.Head().ID]; vetoed {
			p.Veto(e, v)
		}
	}
	return p
}

// repeated is how soon the same message is heard again: by another process, or on
// another topic.
const repeated = 100 * time.Millisecond

// join joins everything that was heard to what is known. What is heard again at
// once needs no version of its own.
func join(known *conversation.Conversation, facts []*conversation.Conversation) *conversation.Conversation {
	for _, c := range facts {
		if !conversation.Repeats(known, c, repeated) {
			known = conversation.Merge(known, c)
		}
	}
	return known
}

// keepAside adds what was heard to a change that was refused.
func keepAside(r *record.Record, facts []*conversation.Conversation) *Plan {
	all := join(r.Refused.Facts, facts)
	if all == r.Refused.Facts {
		return nil
	}
	return &Plan{Change: refused(r, all, r.Refused.Failure)}
}

// Refuse returns the change that keeps the facts of a request aside, because a
// Before hook has failed on them for good.
func Refuse(r *record.Record, facts []*conversation.Conversation, f store.Failure) *Plan {
	var known *conversation.Conversation
	if r.Refused != nil {
		known = r.Refused.Facts
		f.Attempts += r.Refused.Attempts
	}
	return &Plan{Change: refused(r, join(known, facts), f)}
}

// refused leaves the conversation as it is. Nothing of it settles until
// somebody has decided: its conclusions are drawn again then.
func refused(r *record.Record, facts *conversation.Conversation, f store.Failure) *store.Change {
	return &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: r.Conversation,
		Refused: &store.Refused{Facts: facts, Failure: f}}
}

func samePending(a, b []store.Pending) bool {
	return slices.EqualFunc(a, b, func(x, y store.Pending) bool { return x.EventID == y.EventID && x.Due.Equal(y.Due) })
}
