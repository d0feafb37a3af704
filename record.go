package convtrack

import (
	"sync/atomic"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// record is what the tracker keeps of a conversation between two changes. Only
// the lane of the conversation reads and writes it.
type record struct {
	store.Record
	announced map[string]bool
	pending   map[string]store.Pending
	backlog   map[string]bool // hooks whose deliveries must go through the store
	latest    atomic.Pointer[state]
}

// state is what others than the lane may read of a record.
type state struct {
	conversation *conversation.Conversation
	lastSeq      int64
}

func newRecord(r store.Record) *record {
	n := &record{Record: r, announced: make(map[string]bool, len(r.Announced)), pending: map[string]store.Pending{}, backlog: map[string]bool{}}
	for _, id := range r.Announced {
		n.announced[id] = true
	}
	for _, hook := range r.Backlog {
		n.backlog[hook] = true
	}
	n.setPending(r.Pending)
	n.Announced, n.Backlog = nil, nil
	n.publish()
	return n
}

func (r *record) publish() { r.latest.Store(&state{r.Conversation, r.LastSeq}) }

func (r *record) setPending(pending []store.Pending) {
	r.Pending = pending
	clear(r.pending)
	for _, p := range pending {
		r.pending[p.EventID] = p
	}
}

// committed brings the record up to the version that was written.
func (r *record) committed(c *store.Change, version int64) {
	r.Version = version
	r.Conversation, r.Vetoed, r.Refused = c.To, c.Vetoed, c.Refused
	r.setPending(c.Pending)
	for _, e := range c.Events {
		r.announced[e.ID] = true
		r.LastSeq = e.Seq
	}
	r.publish()
}

// join joins all that was said to what is known.
func join(known *conversation.Conversation, all []said) *conversation.Conversation {
	for _, s := range all {
		known = conversation.Merge(known, s.facts)
	}
	return known
}
