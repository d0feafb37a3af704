package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// wrapped is a sound store with some of its methods replaced. What replaces a
// method reaches the sound one through the embedded store.
type wrapped struct {
	*sound

	load     func(ctx context.Context, ids ...string) ([]store.Record, error)
	commit   func(ctx context.Context, b store.Batch) (store.Committed, error)
	claim    func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error)
	renew    func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error
	backlog  func(ctx context.Context) (map[string]int, error)
	lag      func(ctx context.Context, limit int) (map[string]store.Lag, error)
	release  func(ctx context.Context, owner string) error
	decide   func(ctx context.Context, do store.Decision, ids ...string) (int, error)
	due      func(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error)
	deposit  func(ctx context.Context, entries []store.Entry) error
	inbox    func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error)
	await    func(ctx context.Context, owner string) error
	list     func(ctx context.Context, q store.Query) (store.Page, error)
	count    func(ctx context.Context, q store.Query) (int, error)
	events   func(ctx context.Context, id string) ([]store.LoggedEvent, error)
	failed   func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error)
	value    func(ctx context.Context, name string) ([]byte, int64, error)
	setValue func(ctx context.Context, name string, value []byte, version int64) (int64, error)
	forget   func(ctx context.Context, ids ...string) (int, error)
	find     func(ctx context.Context, q store.PersonQuery) (store.IDPage, error)
	expire   func(ctx context.Context, before time.Time, limit int) (int, error)
	close    func() error
	reopened func(*sound) *sound // what becomes of the store when it is opened again
}

func wrap(s *sound, replace func(*wrapped)) *wrapped {
	w := &wrapped{sound: s, load: s.Load, commit: s.Commit, claim: s.Claim, renew: s.Renew, backlog: s.Backlog, lag: s.Lag, release: s.Release, decide: s.Decide, due: s.Due,
		deposit: s.Deposit, inbox: s.Inbox, await: s.Await,
		list: s.List, count: s.Count, events: s.Events, failed: s.Failed, value: s.Value, setValue: s.SetValue, forget: s.Forget, find: s.Find, expire: s.Expire, close: s.Close, reopened: func(s *sound) *sound { return s }}
	replace(w)
	return w
}

func (w *wrapped) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	return w.load(ctx, ids...)
}

func (w *wrapped) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	return w.commit(ctx, b)
}

func (w *wrapped) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	return w.claim(ctx, c)
}

func (w *wrapped) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	return w.renew(ctx, owner, lease, held)
}

func (w *wrapped) Backlog(ctx context.Context) (map[string]int, error) { return w.backlog(ctx) }

func (w *wrapped) Lag(ctx context.Context, limit int) (map[string]store.Lag, error) {
	return w.lag(ctx, limit)
}

func (w *wrapped) Release(ctx context.Context, owner string) error { return w.release(ctx, owner) }

func (w *wrapped) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	return w.decide(ctx, do, ids...)
}

func (w *wrapped) Due(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
	return w.due(ctx, at, limit)
}

func (w *wrapped) Deposit(ctx context.Context, entries []store.Entry) error {
	return w.deposit(ctx, entries)
}

func (w *wrapped) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	return w.inbox(ctx, q)
}

func (w *wrapped) Await(ctx context.Context, owner string) error { return w.await(ctx, owner) }

func (w *wrapped) Count(ctx context.Context, q store.Query) (int, error) { return w.count(ctx, q) }

func (w *wrapped) List(ctx context.Context, q store.Query) (store.Page, error) {
	return w.list(ctx, q)
}

func (w *wrapped) Events(ctx context.Context, id string) ([]store.LoggedEvent, error) {
	return w.events(ctx, id)
}

func (w *wrapped) Failed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	return w.failed(ctx, q)
}

func (w *wrapped) Value(ctx context.Context, name string) ([]byte, int64, error) {
	return w.value(ctx, name)
}

func (w *wrapped) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	return w.setValue(ctx, name, value, version)
}

func (w *wrapped) Forget(ctx context.Context, ids ...string) (int, error) {
	return w.forget(ctx, ids...)
}

func (w *wrapped) Find(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
	return w.find(ctx, q)
}

func (w *wrapped) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	return w.expire(ctx, before, limit)
}

func (w *wrapped) Close() error { return w.close() }

// wrappedHarness opens stores with the same methods replaced.
func wrappedHarness(replace func(*wrapped)) Harness {
	return Harness{
		Open: func(testing.TB) store.Store { return wrap(newSound(), replace) },
		Reopen: func(_ testing.TB, s store.Store) store.Store {
			w := s.(*wrapped)
			return wrap(w.reopened(w.sound.reopen()), replace)
		},
		Another:      func(_ testing.TB, s store.Store) store.Store { return wrap(s.(*wrapped).another(), replace) },
		Transactions: func(_ testing.TB, s store.Store) Table { return s.(*wrapped).table() },
		Patience:     2 * time.Second,
	}
}
