package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// ErrFault is what a faulty store returns where its plan names no other error.
var ErrFault = errors.New("storetest: a fault that was planned")

// Fault is a part of a plan: which calls of a store go wrong, and how.
type Fault struct {
	// Method is the name of the method, as in "Commit". Empty: any but Close.
	Method string
	// Nth is the first of the method's calls that goes wrong, counted from 1;
	// 0 is the first one.
	Nth int
	// Times is how many calls in a row go wrong; 0 is all from then on.
	Times int

	// Err is what the call returns; nil is ErrFault. The call does not reach
	// the store. A Commit does not return store.ErrConflict as its own error,
	// but as the result of each of its changes, and only these do not reach
	// the store.
	Err error
	// Late lets the call reach the store first, so that only the answer is
	// lost, as when the connection breaks during the commit itself.
	Late bool
	// Hangs lets the call wait until its context ends, whose error it returns.
	Hangs bool
	// Slow lets the call wait so long first, or until its context ends. A call
	// that is only slow does not fail.
	Slow time.Duration
}

// fails reports whether a call that this happens to is more than slow.
func (f *Fault) fails() bool { return f.Slow == 0 || f.Err != nil || f.Late || f.Hangs }

// Faulty returns a store that does what s does, but fails on cue: for tests of
// what a tracker, a hook or a source does when the database lets it down. Each
// fault of the plan counts the calls of its method by itself; when several
// strike the same call, the first of them does. It panics when a fault names a
// method that a store does not have, or hangs in Close, which has no context.
func Faulty(s store.Store, plan ...Fault) store.Store {
	for _, f := range plan {
		if f.Method != "" && !slices.Contains(methods, f.Method) {
			panic(fmt.Sprintf("storetest: a store has no method %q", f.Method))
		}
		if f.Method == "Close" && f.Hangs {
			panic("storetest: a Close that hangs would do so for ever")
		}
	}
	f := &faulty{store: s, plan: plan, calls: make([]int, len(plan))}
	if _, reports := s.(store.LagReporter); reports {
		return &faultyLag{f}
	}
	return f
}

var methods = []string{"Load", "Commit", "Claim", "Renew", "Backlog", "Release", "Decide", "Due", "Deposit", "Inbox", "Await", "List", "Count", "Events", "Failed", "Value", "SetValue", "Forget", "Find", "Expire", "Lag", "Close"}

type faulty struct {
	store store.Store
	plan  []Fault

	mu    sync.Mutex
	calls []int // of each fault's method
}

// strikes returns the fault that strikes this call; nil when none does.
func (f *faulty) strikes(method string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var first *Fault
	for i := range f.plan {
		p := &f.plan[i]
		if p.Method != method && (p.Method != "" || method == "Close") {
			continue
		}
		f.calls[i]++
		since := f.calls[i] - max(p.Nth, 1)
		if first == nil && since >= 0 && (p.Times == 0 || since < p.Times) {
			first = p
		}
	}
	return first
}

// call calls a method of the store, or what the plan has instead.
func (f *faulty) call(ctx context.Context, method string, do func() error) error {
	p := f.strikes(method)
	if p == nil {
		return do()
	}
	if err := p.wait(ctx); err != nil {
		return err
	}
	if !p.fails() {
		return do()
	}
	if p.Late {
		if err := do(); err != nil {
			return err
		}
	}
	return p.err()
}

func (f *Fault) err() error {
	if f.Err != nil {
		return f.Err
	}
	return ErrFault
}

// wait waits as long as the fault says.
func (f *Fault) wait(ctx context.Context) error {
	if f.Hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if f.Slow == 0 {
		return nil
	}
	timer := time.NewTimer(f.Slow)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Commit implements store.Store.
func (f *faulty) Commit(ctx context.Context, b store.Batch) (done store.Committed, err error) {
	err = f.call(ctx, "Commit", func() error {
		done, err = f.store.Commit(ctx, b)
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		return f.loseTheRace(ctx, b)
	}
	if err != nil {
		done = store.Committed{}
	}
	return done, err
}

// loseTheRace commits a batch without its changes.
func (f *faulty) loseTheRace(ctx context.Context, b store.Batch) (store.Committed, error) {
	results := make([]store.Result, len(b.Changes))
	for i := range results {
		results[i].Err = store.ErrConflict
	}
	b.Changes = nil
	done, err := f.store.Commit(ctx, b)
	if err != nil {
		return store.Committed{}, err
	}
	done.Results = results
	return done, nil
}

// Load implements store.Store.
func (f *faulty) Load(ctx context.Context, ids ...string) (records []store.Record, err error) {
	err = f.call(ctx, "Load", func() error {
		records, err = f.store.Load(ctx, ids...)
		return err
	})
	return unless(err, records), err
}

// Claim implements store.Store.
func (f *faulty) Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error) {
	err = f.call(ctx, "Claim", func() error {
		due, next, err = f.store.Claim(ctx, c)
		return err
	})
	return unless(err, due), unless(err, next), err
}

// Renew implements store.Store.
func (f *faulty) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	return f.call(ctx, "Renew", func() error { return f.store.Renew(ctx, owner, lease, held) })
}

// Backlog implements store.Store.
func (f *faulty) Backlog(ctx context.Context) (backlog map[string]int, err error) {
	err = f.call(ctx, "Backlog", func() error {
		backlog, err = f.store.Backlog(ctx)
		return err
	})
	return unless(err, backlog), err
}

// faultyLag is one whose sound store is a store.LagReporter.
type faultyLag struct{ *faulty }

// Lag implements store.LagReporter.
func (f *faultyLag) Lag(ctx context.Context, limit int) (lags map[string]store.Lag, err error) {
	err = f.call(ctx, "Lag", func() error {
		lags, err = f.store.(store.LagReporter).Lag(ctx, limit)
		return err
	})
	return unless(err, lags), err
}

// Release implements store.Store.
func (f *faulty) Release(ctx context.Context, owner string) error {
	return f.call(ctx, "Release", func() error { return f.store.Release(ctx, owner) })
}

// Decide implements store.Store.
func (f *faulty) Decide(ctx context.Context, do store.Decision, ids ...string) (n int, err error) {
	err = f.call(ctx, "Decide", func() error {
		n, err = f.store.Decide(ctx, do, ids...)
		return err
	})
	return unless(err, n), err
}

// Due implements store.Store.
func (f *faulty) Due(ctx context.Context, at time.Time, limit int) (ids []string, next time.Time, err error) {
	err = f.call(ctx, "Due", func() error {
		ids, next, err = f.store.Due(ctx, at, limit)
		return err
	})
	return unless(err, ids), unless(err, next), err
}

// Deposit implements store.Store.
func (f *faulty) Deposit(ctx context.Context, entries []store.Entry) error {
	return f.call(ctx, "Deposit", func() error { return f.store.Deposit(ctx, entries) })
}

// Inbox implements store.Store.
func (f *faulty) Inbox(ctx context.Context, q store.InboxQuery) (entries []store.Entry, err error) {
	err = f.call(ctx, "Inbox", func() error {
		entries, err = f.store.Inbox(ctx, q)
		return err
	})
	return unless(err, entries), err
}

// Await implements store.Store.
func (f *faulty) Await(ctx context.Context, owner string) error {
	return f.call(ctx, "Await", func() error { return f.store.Await(ctx, owner) })
}

// List implements store.Store.
func (f *faulty) List(ctx context.Context, q store.Query) (page store.Page, err error) {
	err = f.call(ctx, "List", func() error {
		page, err = f.store.List(ctx, q)
		return err
	})
	return unless(err, page), err
}

// Count implements store.Store.
func (f *faulty) Count(ctx context.Context, q store.Query) (n int, err error) {
	err = f.call(ctx, "Count", func() error {
		n, err = f.store.Count(ctx, q)
		return err
	})
	return unless(err, n), err
}

// Events implements store.Store.
func (f *faulty) Events(ctx context.Context, conversationID string) (log []store.LoggedEvent, err error) {
	err = f.call(ctx, "Events", func() error {
		log, err = f.store.Events(ctx, conversationID)
		return err
	})
	return unless(err, log), err
}

// Failed implements store.Store.
func (f *faulty) Failed(ctx context.Context, q store.FailedQuery) (page store.FailedPage, err error) {
	err = f.call(ctx, "Failed", func() error {
		page, err = f.store.Failed(ctx, q)
		return err
	})
	return unless(err, page), err
}

// Value implements store.Store.
func (f *faulty) Value(ctx context.Context, name string) (value []byte, version int64, err error) {
	err = f.call(ctx, "Value", func() error {
		value, version, err = f.store.Value(ctx, name)
		return err
	})
	return unless(err, value), unless(err, version), err
}

// SetValue implements store.Store.
func (f *faulty) SetValue(ctx context.Context, name string, value []byte, version int64) (now int64, err error) {
	err = f.call(ctx, "SetValue", func() error {
		now, err = f.store.SetValue(ctx, name, value, version)
		return err
	})
	return unless(err, now), err
}

// Forget implements store.Store.
func (f *faulty) Forget(ctx context.Context, ids ...string) (n int, err error) {
	err = f.call(ctx, "Forget", func() error {
		n, err = f.store.Forget(ctx, ids...)
		return err
	})
	return unless(err, n), err
}

// Find implements store.Store.
func (f *faulty) Find(ctx context.Context, q store.PersonQuery) (page store.IDPage, err error) {
	err = f.call(ctx, "Find", func() error {
		page, err = f.store.Find(ctx, q)
		return err
	})
	return unless(err, page), err
}

// Expire implements store.Store.
func (f *faulty) Expire(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = f.call(ctx, "Expire", func() error {
		n, err = f.store.Expire(ctx, before, limit)
		return err
	})
	return unless(err, n), err
}

// Close implements store.Store.
func (f *faulty) Close() error {
	return f.call(context.Background(), "Close", f.store.Close)
}

// unless returns v, or nothing where there is an error: an answer that was
// lost says nothing.
func unless[T any](err error, v T) T {
	if err != nil {
		var none T
		return none
	}
	return v
}
