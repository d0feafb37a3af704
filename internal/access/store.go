// Package access calls the store for the rooms of the engine. It bounds how long
// the store may take, but not the host's code that runs inside its
// transactions; it says when the store stops answering and when it is back; and
// it tells whether a failure is the store's at all.
package access

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/internal/throttle"
	"github.com/dcmkit/convtrack/store"
)

// Limit bounds one call of the store, without the host's code inside it.
const Limit = 30 * time.Second

// Store is a store whose calls are bounded and watched. Reads that the host
// asks for go to the store itself.
type Store struct {
	store  store.Store
	outage *outage

	// Telemetry measures the calls; nil: nobody does. It is set before the first call.
	Telemetry *telemetry.Telemetry

	// Commits and Errors count calls since the start.
	Commits, Errors atomic.Int64
	commitTime      atomic.Int64 // in nanoseconds, a moving average
	refusal         refusal
	throttled       throttle.Log
}

// New returns access to the store.
func New(s store.Store, log *slog.Logger) *Store { return &Store{store: s, outage: newOutage(log)} }

// bounded calls the store within the limit. The operation is its name for who
// measures.
func bounded[T any](ctx context.Context, s *Store, operation string, call func(context.Context) (T, error)) (T, error) {
	if s.Telemetry == nil {
		return limitedCall(ctx, s, call)
	}
	began := time.Now()
	v, err := limitedCall(ctx, s, call)
	s.Telemetry.StoreCall(ctx, operation, began, err)
	return v, err
}

func limitedCall[T any](ctx context.Context, s *Store, call func(context.Context) (T, error)) (T, error) {
	ctx, l := limited(ctx, Limit)
	defer l.stop()
	v, err := guarded(ctx, s, call)
	switch {
	case err == nil:
		s.outage.answered()
	case l.exceeded():
		err = &TimeoutError{Limit, err}
	}
	return v, err
}

// guarded calls the store, which may be anybody's: a panic is its error.
func guarded[T any](ctx context.Context, s *Store, call func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.throttled.To(ctx, s.outage.log, slog.LevelError, "the store panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = fmt.Errorf("the store panicked with a %T; the log has the stack", p)
		}
	}()
	return call(ctx)
}

// Guard calls the store itself, without a limit: a panic is logged, and its error.
func (s *Store) Guard(ctx context.Context, call func(context.Context) error) error {
	_, err := guarded(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// Load is that of the store.
func (s *Store) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	return bounded(ctx, s, "load", func(ctx context.Context) ([]store.Record, error) { return s.store.Load(ctx, ids...) })
}

// Commit is that of the store. The limit does not count while the host's code
// runs, which says so with [EnterHost].
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	s.Commits.Add(1)
	began := time.Now()
	done, err := bounded(ctx, s, "commit", func(ctx context.Context) (store.Committed, error) { return s.store.Commit(ctx, b) })
	s.took(time.Since(began))
	s.refusal.note(err, time.Now())
	s.Telemetry.Commit(ctx, len(b.Changes))
	return done, err
}

// took notes how long a commit has taken.
func (s *Store) took(commit time.Duration) {
	was := s.commitTime.Load()
	if was == 0 { // the first
		was = int64(commit)
	}
	s.commitTime.Store(was + (int64(commit)-was)/8)
}

// CommitTime is how long a commit takes at present.
func (s *Store) CommitTime() time.Duration { return time.Duration(s.commitTime.Load()) }

// Claim is that of the store.
func (s *Store) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	type claimed struct {
		due  []store.Delivery
		next time.Time
	}
	v, err := bounded(ctx, s, "claim", func(ctx context.Context) (claimed, error) {
		due, next, err := s.store.Claim(ctx, c)
		return claimed{due, next}, err
	})
	return v.due, v.next, err
}

// Renew is that of the store.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	_, err := bounded(ctx, s, "renew", func(ctx context.Context) (struct{}, error) { return struct{}{}, s.store.Renew(ctx, owner, lease, held) })
	return err
}

// Release is that of the store.
func (s *Store) Release(ctx context.Context, owner string) error {
	_, err := bounded(ctx, s, "release", func(ctx context.Context) (struct{}, error) { return struct{}{}, s.store.Release(ctx, owner) })
	return err
}

// Due is that of the store.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
	type due struct {
		ids  []string
		next time.Time
	}
	v, err := bounded(ctx, s, "due", func(ctx context.Context) (due, error) {
		ids, next, err := s.store.Due(ctx, at, limit)
		return due{ids, next}, err
	})
	return v.ids, v.next, err
}

// Value is that of the store.
func (s *Store) Value(ctx context.Context, name string) ([]byte, int64, error) {
	type value struct {
		data    []byte
		version int64
	}
	v, err := bounded(ctx, s, "value", func(ctx context.Context) (value, error) {
		data, version, err := s.store.Value(ctx, name)
		return value{data, version}, err
	})
	return v.data, v.version, err
}

// SetValue is that of the store.
func (s *Store) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	return bounded(ctx, s, "set_value", func(ctx context.Context) (int64, error) { return s.store.SetValue(ctx, name, value, version) })
}

// Deposit is that of the store.
func (s *Store) Deposit(ctx context.Context, entries []store.Entry) error {
	_, err := bounded(ctx, s, "deposit", func(ctx context.Context) (struct{}, error) { return struct{}{}, s.store.Deposit(ctx, entries) })
	return err
}

// Inbox is that of the store.
func (s *Store) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	return bounded(ctx, s, "inbox", func(ctx context.Context) ([]store.Entry, error) { return s.store.Inbox(ctx, q) })
}

// Await is that of the store. It has no limit: there may be nothing for long.
func (s *Store) Await(ctx context.Context, owner string) error {
	err := s.Guard(ctx, func(ctx context.Context) error { return s.store.Await(ctx, owner) })
	return err
}

// Failed notes that a call has failed and is going to be repeated. It is said
// once, however many calls fail until the store answers again.
func (s *Store) Failed(doing string, err error) {
	s.Errors.Add(1)
	s.outage.failed(doing, err)
}

// Answers reports whether the store works as far as the conversation is
// concerned. After a commit has failed this tells whether it is to blame itself.
func (s *Store) Answers(ctx context.Context, conversationID string) bool {
	_, err := s.Load(ctx, conversationID)
	return err == nil
}
