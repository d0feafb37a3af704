package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// inTurn is several stores of the same data, as processes have them: each call goes
// to the next one.
type inTurn struct {
	store.Store
	all   []store.Store
	calls atomic.Uint64
}

func (s *inTurn) next() store.Store { return s.all[s.calls.Add(1)%uint64(len(s.all))] }

func (s *inTurn) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	return s.next().Load(ctx, ids...)
}

func (s *inTurn) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	return s.next().Commit(ctx, b)
}

func (s *inTurn) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	return s.next().Claim(ctx, c)
}

func (s *inTurn) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	return s.next().Renew(ctx, owner, lease, held)
}

func (s *inTurn) Release(ctx context.Context, owner string) error {
	return s.next().Release(ctx, owner)
}

func (s *inTurn) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	return s.next().Decide(ctx, do, ids...)
}

func (s *inTurn) Deposit(ctx context.Context, entries []store.Entry) error {
	return s.next().Deposit(ctx, entries)
}

func (s *inTurn) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	return s.next().Inbox(ctx, q)
}

func (s *inTurn) Value(ctx context.Context, name string) ([]byte, int64, error) {
	return s.next().Value(ctx, name)
}

func (s *inTurn) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	return s.next().SetValue(ctx, name, value, version)
}

// processesThatShare are the rules on those who do something at the same time, in two
// processes: what keeps them apart has to be in the data.
func processesThatShare(rule define) {
	concurrency(func(title string, holds func(*trial)) {
		rule(title, func(t *trial) {
			t.store = &inTurn{Store: t.store, all: []store.Store{t.store, t.harness.Another(t.TB, t.store)}}
			holds(t)
		})
	})
}
