// Package memstore is a Store in memory. It keeps nothing beyond the process:
// it is for tests, for replays, and the oracle that other stores are compared
// with.
//
// It has no transactions, so a Before hook reaches none; a change whose hook
// fails is not written all the same.
package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/wake"
)

// Store keeps everything in memory. It is safe for concurrent use.
type Store struct {
	mu     sync.Mutex
	closed bool

	entries  map[string]*entry
	changes  int64 // counts writes, for the order by last change
	reserved map[string]bool
	outbox   outbox
	settling timers // of the conversations with conclusions
	values   map[string]value
	inbox    inbox
	wakes    *wake.Board

	listeners wake.Listeners
	forgotten map[string]time.Time // when, by the digest of the id
}

var (
	_ store.Described   = (*Store)(nil)
	_ store.Broadcaster = (*Store)(nil)
)

// System implements store.Described.
func (s *Store) System() string { return "memory" }

type value struct {
	data    []byte
	version int64
}

// entry is what is stored of one conversation.
type entry struct {
	record    store.Record
	changed   int64
	changedAt time.Time
	log       []*store.Event
	lanes     map[string]*lane // unfinished deliveries, by hook
	skipped   map[string][]string
}

// New returns an empty store.
func New() *Store {
	return &Store{entries: map[string]*entry{}, reserved: map[string]bool{}, outbox: newOutbox(),
		settling: newTimers(), values: map[string]value{},
		inbox: inbox{}, wakes: wake.New(), forgotten: map[string]time.Time{}}
}

// begin locks the store for an operation that ctx allows.
func (s *Store) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wakes.Close()
	s.listeners.Close()
	return nil
}

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	records := make([]store.Record, len(ids))
	for i, id := range ids {
		if e := s.entries[id]; e != nil {
			records[i] = e.copy()
		} else {
			records[i] = store.Record{ID: id, Forgotten: s.isForgotten(id)}
		}
	}
	return records, nil
}

func (e *entry) copy() store.Record {
	r := e.record
	r.Announced = slices.Clone(r.Announced)
	r.Pending = slices.Clone(r.Pending)
	r.Refused = copyOf(r.Refused)
	for hook, l := range e.lanes {
		if len(l.queue) > 0 {
			r.Backlog = append(r.Backlog, hook)
		}
	}
	slices.Sort(r.Backlog)
	return r
}

// copyOf returns a copy; the facts are immutable.
func copyOf(r *store.Refused) *store.Refused {
	if r == nil {
		return nil
	}
	c := *r
	return &c
}

func copyEvent(e *store.Event) store.Event {
	c := *e
	c.Data = slices.Clone(c.Data)
	return c
}

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := s.begin(ctx); err != nil {
		return store.Committed{}, err
	}
	defer s.mu.Unlock()
	outcomes, over := s.outbox.counting(b.Outcomes)
	defer over()
	if err := s.runInTx(ctx, outcomes); err != nil {
		return store.Committed{}, err
	}
	done := store.Committed{Results: make([]store.Result, len(b.Changes))}
	for _, o := range outcomes {
		done.Ready = s.settle(o) || done.Ready
	}
	over()
	var seen map[string]bool
	if len(b.Changes) > 1 {
		seen = make(map[string]bool, len(b.Changes))
	}
	for i, c := range b.Changes {
		if seen[c.ID] {
			done.Results[i].Err = store.ErrConflict
			continue
		}
		if seen != nil {
			seen[c.ID] = true
		}
		done.Results[i] = s.commit(ctx, b, c)
	}
	s.inbox.remove(b.Taken)
	return done, nil
}

// commit writes one change. The lock is given up while InTx runs; nobody else
// can change the conversation then.
func (s *Store) commit(ctx context.Context, b store.Batch, c *store.Change) store.Result {
	e := s.entries[c.ID]
	version := int64(0)
	if e != nil {
		version = e.record.Version
	}
	if version != c.Version || s.reserved[c.ID] || e == nil && s.isForgotten(c.ID) {
		return store.Result{Err: store.ErrConflict}
	}
	if c.InTx != nil {
		if err := s.runHook(ctx, c); err != nil {
			return store.Result{Err: err}
		}
		if s.entries[c.ID] != e || e == nil && s.isForgotten(c.ID) {
			return store.Result{Err: store.ErrConflict} // it was forgotten meanwhile
		}
	}
	if e == nil {
		e = &entry{record: store.Record{ID: c.ID}, lanes: map[string]*lane{}, skipped: map[string][]string{}}
		s.entries[c.ID] = e
	}
	s.changes++
	e.changed, e.changedAt = s.changes, time.Now()
	r := &e.record
	r.Version++
	r.Conversation, r.Vetoed, r.Refused = c.To, c.Vetoed, copyOf(c.Refused)
	r.Pending = slices.Clone(c.Pending)
	s.wait(c.ID, c.Pending)
	for _, n := range c.Events {
		event := copyEvent(&n.Event)
		e.log = append(e.log, &event)
		r.Announced = append(r.Announced, event.ID)
		r.LastSeq = event.Seq
		for _, d := range n.Deliveries {
			s.outbox.add(e, &event, d, n.Trace, b)
		}
	}
	return store.Result{Version: r.Version}
}

// runHook runs the hook of a change, which may panic.
func (s *Store) runHook(ctx context.Context, c *store.Change) error {
	s.reserved[c.ID] = true
	defer delete(s.reserved, c.ID)
	return s.unlocked(func() error { return c.InTx(ctx, c) })
}

func (s *Store) unlocked(do func() error) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return do()
}

func (s *Store) wait(id string, pending []store.Pending) {
	if len(pending) == 0 {
		s.settling.drop(id)
		return
	}
	first := slices.MinFunc(pending, func(a, b store.Pending) int { return a.Due.Compare(b.Due) })
	s.settling.set(id, first.Due)
}

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
	if err := s.begin(ctx); err != nil {
		return nil, time.Time{}, err
	}
	defer s.mu.Unlock()
	ids, next := s.settling.first(at, limit)
	return ids, next, nil
}

// Value implements store.Store.
func (s *Store) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if err := s.begin(ctx); err != nil {
		return nil, 0, err
	}
	defer s.mu.Unlock()
	v := s.values[name]
	return slices.Clone(v.data), v.version, nil
}

// SetValue implements store.Store.
func (s *Store) SetValue(ctx context.Context, name string, data []byte, version int64) (int64, error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	if s.values[name].version != version {
		return 0, store.ErrConflict
	}
	s.values[name] = value{slices.Clone(data), version + 1}
	return version + 1, nil
}
