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
	// Now is when conclusions are drawn. Wall is what the wall clock says, which may
	// be set back meanwhile: a fact that lies ahead waits for both.
	Now, Wall time.Time
	Settling  Settling
	Patience  Patience
}

// Plan is the next version of a conversation, on its way to the store.
type Plan struct {
	Change *store.Change
	// Events are to be announced with the change.
	Events []events.Event
	// Except is what is not asked.
	Except []store.Skipped
	// MustDecide says that a hook which cannot decide yet consents, Overruled that
	// none can veto the conversation.
	MustDecide, Overruled bool

	lastSeq int64
	vetoes  map[string]Veto
	data    map[string][]byte // of events of the host's own, encoded
	changed bool              // what a version shows of change is told
}

// Work works out what the request does to the record; nil when there is nothing
// to write. A change that Before hooks refused stays as it is until they are asked
// again, or somebody decides: what is heard meanwhile is kept beside it. Where
// they could not decide yet, they are asked again with each new fact.
func Work(r *record.Record, q Request) *Plan {
	switch {
	case r.Tombstone():
		return nil
	case r.Refused != nil && !asksAgain(r.Refused, &q):
		return keepAside(r, q.Facts)
	}
	p := &Plan{MustDecide: mustDecide(r.Refused, &q), lastSeq: r.LastSeq, vetoes: q.Vetoes,
		changed: q.Wants.Has(events.TypeConversationChanged)}
	to := r.Conversation
	if kept := r.Refused; kept != nil {
		if p.Overruled = kept.Overruled; kept.Facts != nil {
			to = conversation.Merge(to, kept.Facts)
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
	if p.changed && !same {
		if e := events.ChangedIn(r.Version+1, r.Conversation, to, q.Now); e != nil {
			p.Events = append(p.Events, e)
		}
	}
	if r.Refused != nil {
		p.Except = skipped(r.Refused, &q, p.Events)
	}
	if same && len(p.Events) == 0 && samePending(p.Change.Pending, r.Record.Pending) {
		return nil
	}
	for _, e := range p.Events {
		if created, ok := e.(*events.ConversationCreated); ok {
			created.MustDecide = p.MustDecide
		}
		if v, vetoed := p.vetoes[e.Head().ID]; vetoed {
			p.Veto(e, v, q.Now)
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

func samePending(a, b []store.Pending) bool {
	return slices.EqualFunc(a, b, func(x, y store.Pending) bool { return x.EventID == y.EventID && x.Due.Equal(y.Due) })
}
