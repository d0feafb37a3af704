// Package record keeps in memory what the store has of the conversations that
// were in use last, so that they need not be loaded again.
package record

import (
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Record is what is known of a conversation between two changes. Only who works
// on the conversation reads and writes it.
type Record struct {
	store.Record
	// Announced are the ids of all events that are logged.
	Announced map[string]bool
	// Backlog are the hooks of which the store has deliveries of this
	// conversation that this process does not hold.
	Backlog map[string]bool

	loaded  time.Time
	pending map[string]store.Pending
	latest  atomic.Pointer[state]
}

// state is what others than the one who works on it may read of a record.
type state struct {
	conversation *conversation.Conversation
	lastSeq      int64
}

// New returns the record that was loaded.
func New(r store.Record) *Record {
	n := &Record{Record: r, loaded: time.Now(), Announced: make(map[string]bool, len(r.Announced)), pending: map[string]store.Pending{}, Backlog: map[string]bool{}}
	for _, id := range r.Announced {
		n.Announced[id] = true
	}
	for _, hook := range r.Backlog {
		n.Backlog[hook] = true
	}
	n.setPending(r.Pending)
	n.Record.Announced, n.Record.Backlog = nil, nil
	n.publish()
	return n
}

// tombstoneFor is how long a tombstone is believed. It may expire in the store,
// and another process may lift it.
const tombstoneFor = time.Hour

// Outdated reports whether the record is to be loaded anew.
func (r *Record) Outdated() bool { return r.Tombstone() && time.Since(r.loaded) > tombstoneFor }

// Pending returns the conclusion of the event that waits to settle.
func (r *Record) Pending(eventID string) (store.Pending, bool) {
	p, waits := r.pending[eventID]
	return p, waits
}

func (r *Record) publish() { r.latest.Store(&state{r.Conversation, r.LastSeq}) }

func (r *Record) setPending(pending []store.Pending) {
	r.Record.Pending = pending
	clear(r.pending)
	for _, p := range pending {
		r.pending[p.EventID] = p
	}
}

// Committed brings the record up to the version that was written.
func (r *Record) Committed(c *store.Change, version int64) {
	r.Version = version
	r.Conversation, r.Vetoed, r.Refused = c.To, c.Vetoed, c.Refused
	r.setPending(c.Pending)
	for _, e := range c.Events {
		r.Announced[e.ID] = true
		r.LastSeq = e.Seq
	}
	r.publish()
}
