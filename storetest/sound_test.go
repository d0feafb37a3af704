package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// sound is a memory store with every ability that a harness can declare: it
// can be opened again, and hooks can join its transactions. The broken stores
// are made of it.
type sound struct {
	store.Store
	disk *disk

	mu     sync.Mutex
	closed bool
}

// disk is what outlives a sound store.
type disk struct {
	kept *memstore.Store

	mu        sync.Mutex
	rows      map[string]string
	keepsRows bool // of hooks that failed
}

func newSound() *sound {
	kept := memstore.New()
	return &sound{Store: kept, disk: &disk{kept: kept, rows: map[string]string{}}}
}

func (s *sound) reopen() *sound {
	_ = s.Close()
	return s.another()
}

// another returns a store of the same data.
func (s *sound) another() *sound { return &sound{Store: s.disk.kept, disk: s.disk} }

func (s *sound) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *sound) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	return nil
}

// transaction is what a hook of a change has written so far.
type transaction struct {
	disk *disk
	rows map[string]string
}

type transactionKey struct{}

func (s *sound) table() Table {
	return Table{
		Insert: func(ctx context.Context, key, value string) error {
			tx := ctx.Value(transactionKey{}).(*transaction)
			tx.disk.mu.Lock()
			defer tx.disk.mu.Unlock()
			if _, exists := tx.disk.rows[key]; exists {
				return fmt.Errorf("there is a row %q", key)
			}
			tx.rows[key] = value
			if tx.disk.keepsRows {
				tx.disk.rows[key] = value
			}
			return nil
		},
		Read: func(_ context.Context, key string) (string, bool, error) {
			s.disk.mu.Lock()
			defer s.disk.mu.Unlock()
			value, found := s.disk.rows[key]
			return value, found, nil
		},
	}
}

// Commit gives each hook a transaction, and keeps nothing of the caller's.
func (s *sound) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := s.open(); err != nil {
		return store.Committed{}, err
	}
	hooks := make([]func(context.Context, *store.Change) error, len(b.Changes))
	written := make([]map[string]string, len(b.Changes))
	for i, c := range b.Changes {
		if hooks[i] = c.InTx; c.InTx != nil {
			c.InTx = func(ctx context.Context, c *store.Change) (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = fmt.Errorf("panic: %v", p)
					}
				}()
				tx := &transaction{s.disk, map[string]string{}}
				written[i] = tx.rows
				if err = hooks[i](context.WithValue(ctx, transactionKey{}, tx), c); err == nil {
					c.Refused = clonedRefusal(c.Refused)
				}
				return err
			}
		} else {
			refused := c.Refused
			c.Refused = clonedRefusal(refused)
			defer func() { c.Refused = refused }()
		}
	}
	b.Outcomes = slices.Clone(b.Outcomes)
	effects := &transaction{s.disk, map[string]string{}}
	for i := range b.Outcomes {
		if hook := b.Outcomes[i].InTx; hook != nil {
			b.Outcomes[i].InTx = func(ctx context.Context) error { return hook(context.WithValue(ctx, transactionKey{}, effects)) }
		}
	}
	done, err := s.Store.Commit(ctx, b)
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	if err == nil {
		maps.Copy(s.disk.rows, effects.rows)
	}
	for i, c := range b.Changes {
		c.InTx = hooks[i]
		if err == nil && done.Results[i].Err == nil {
			maps.Copy(s.disk.rows, written[i])
		}
	}
	return done, err
}

func clonedRefusal(r *store.Refused) *store.Refused {
	if r == nil {
		return nil
	}
	own := *r
	return &own
}

func (s *sound) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	records, err := s.Store.Load(ctx, ids...)
	for i := range records {
		records[i].Refused = clonedRefusal(records[i].Refused)
	}
	return records, err
}

func (s *sound) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if err := s.open(); err != nil {
		return nil, time.Time{}, err
	}
	due, next, err := s.Store.Claim(ctx, c)
	for i := range due {
		due[i].Data = bytes.Clone(due[i].Data)
	}
	return due, next, err
}

func (s *sound) Events(ctx context.Context, id string) ([]store.LoggedEvent, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	events, err := s.Store.Events(ctx, id)
	for i := range events {
		events[i].Data = bytes.Clone(events[i].Data)
	}
	return events, err
}

func (s *sound) Failed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	if err := s.open(); err != nil {
		return store.FailedPage{}, err
	}
	page, err := s.Store.Failed(ctx, q)
	for i := range page.Items {
		page.Items[i].Event.Data = bytes.Clone(page.Items[i].Event.Data)
	}
	return page, err
}

func (s *sound) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.Store.Renew(ctx, owner, lease, held)
}

func (s *sound) Release(ctx context.Context, owner string) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.Store.Release(ctx, owner)
}

func (s *sound) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return s.Store.Decide(ctx, do, ids...)
}

func (s *sound) Due(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
	if err := s.open(); err != nil {
		return nil, time.Time{}, err
	}
	return s.Store.Due(ctx, at, limit)
}

func (s *sound) Deposit(ctx context.Context, entries []store.Entry) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.Store.Deposit(ctx, entries)
}

func (s *sound) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.Store.Inbox(ctx, q)
}

// Await looks at intervals whether the store was closed: what it is made of is
// not closed with it.
func (s *sound) Await(ctx context.Context, owner string) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.open(); err != nil {
			return err
		}
		soon, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		err := s.Store.Await(soon, owner)
		cancel()
		if err == nil || soon.Err() == nil {
			return err
		}
	}
}

func (s *sound) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := s.open(); err != nil {
		return store.Page{}, err
	}
	return s.Store.List(ctx, q)
}

func (s *sound) Backlog(ctx context.Context) (map[string]int, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.Store.Backlog(ctx)
}

func (s *sound) Lag(ctx context.Context, limit int) (map[string]store.Lag, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.disk.kept.Lag(ctx, limit)
}

func (s *sound) Count(ctx context.Context, q store.Query) (int, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return s.Store.Count(ctx, q)
}

func (s *sound) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if err := s.open(); err != nil {
		return nil, 0, err
	}
	return s.Store.Value(ctx, name)
}

func (s *sound) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return s.Store.SetValue(ctx, name, value, version)
}

func (s *sound) Forget(ctx context.Context, ids ...string) (int, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return s.Store.Forget(ctx, ids...)
}

func (s *sound) Find(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
	if err := s.open(); err != nil {
		return store.IDPage{}, err
	}
	return s.Store.Find(ctx, q)
}

func (s *sound) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	return s.Store.Expire(ctx, before, limit)
}
