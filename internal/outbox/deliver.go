package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/store"
)

// storeWait is how long a delivery waits that the store, not its hook, failed.
const storeWait = time.Second

var (
	// errUnavailable: the store failed, not the hook.
	errUnavailable = errors.New("the store does not answer")
	// errNotHeld: another process has taken the delivery.
	errNotHeld = errors.New("the delivery is not held any more")
	// errTransaction: the store works, but not with what the hook did in it.
	errTransaction = errors.New("the transaction in which the hook ran was not committed, while the store works without it")
	// errAsked ends a transaction that only asks whether the delivery is held.
	errAsked = errors.New("the delivery is held")
)

// result is what became of a delivery, and whether the store knows it already.
type result struct {
	outcome  store.Outcome
	recorded bool
}

var released = result{outcome: store.Outcome{Did: store.Released}}

// deliver runs the hook once.
func (o *Outbox) deliver(d *delivery) result {
	ctx := o.hookCtx
	how, registered := o.Hooks.Delivery(d.Hook)
	if !registered {
		return released
	}
	leave, ok := o.acquire(ctx, slots{d.Hook, o.concurrency(how)})
	if !ok {
		return released
	}
	defer leave()
	if o.stops() || !o.mine(d) { // it may have waited for its turn
		return released
	}
	recorded, err := o.measured(ctx, d, how)
	switch {
	case err == nil:
		o.Counters.Delivered.Add(1)
		o.Failures.Worked(d.Hook)
		return result{store.Outcome{Did: store.Done}, recorded}
	case notRun(ctx, err):
		return released // that is no failure of the hook
	case unknown(err):
		o.met(d, err)
		f := failure.Of(d.Hook, d.Event, d.Attempts, err, time.Now())
		return result{outcome: store.Outcome{Did: store.WillRetry, Wait: o.Lease, Failure: f}} // another process may know it
	case unavailable(err):
		o.Commits.Failed("delivering to a hook", err)
		o.mu.Lock()
		o.unavailable = time.Now()
		o.mu.Unlock()
		f := failure.Of(d.Hook, d.Event, d.Attempts, err, time.Now())
		return result{outcome: store.Outcome{Did: store.WillRetry, Wait: storeWait, Failure: f}} // nor is that
	}
	return o.failed(ctx, d, how, err)
}

// measured is an attempt that is measured, if somebody does.
func (o *Outbox) measured(ctx context.Context, d *delivery, how events.Delivery) (recorded bool, err error) {
	if o.Telemetry == nil {
		return o.attempt(ctx, d, how)
	}
	within, run := o.Telemetry.BeginAfter(ctx, &d.Delivery)
	recorded, err = o.attempt(within, d, how)
	if err != nil && (notRun(ctx, err) || unavailable(err)) {
		o.Telemetry.NotRun(run)
	} else {
		o.Telemetry.EndAfter(within, run, &d.Delivery, d.heard, err)
	}
	return recorded, err
}

// notRun reports whether the error says that the hook did not run to its end, for
// a reason that is not its own.
func notRun(ctx context.Context, err error) bool {
	return ctx.Err() != nil || err == events.ErrNoHook || err == errNotHeld //nolint:errorlint // they are returned as they are, and the host's own errors may panic when asked
}

func (o *Outbox) attempt(ctx context.Context, d *delivery, how events.Delivery) (recorded bool, err error) {
	switch err := o.restore(ctx, d); {
	case err != nil && o.givenUp(d, err):
		return false, nil
	case err != nil:
		return false, err
	case how.InTransaction:
		return o.runInTx(ctx, d)
	default:
		return false, o.Hooks.RunAfter(o.without(ctx, d.Hook), d.Hook, d.event)
	}
}

// updated is how long an update takes at the most in which a process of an earlier
// version has the hook, but not yet the type.
const updated = time.Hour

// givenUp reports whether the event of a delivery, which cannot be restored, is of a type
// that the hook does not take: one of its name took it once.
func (o *Outbox) givenUp(d *delivery, err error) bool {
	return !o.Hooks.CanTake(d.Hook, events.Type(d.Type)) && (!unknown(err) || time.Since(o.met(d, err)) > updated)
}

// mine looks at the lease: a process that was stopped for longer than that does
// not run what others run by now.
func (o *Outbox) mine(d *delivery) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held.leased(d.Key(), time.Now(), o.Lease)
}

// stops reports whether no further delivery may begin.
func (o *Outbox) stops() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopping
}

// slots are where a hook runs. One that is registered anew with another concurrency
// has others.
type slots struct {
	hook        string
	concurrency int
}

// concurrency returns for how many conversations a hook runs at a time. One in
// transactions leaves a place for those to each other hook of that kind.
func (o *Outbox) concurrency(how events.Delivery) int {
	if !how.InTransaction {
		return how.Concurrency
	}
	others := -1
	for _, name := range o.Hooks.AfterNames() {
		if is, registered := o.Hooks.Delivery(name); registered && is.InTransaction {
			others++
		}
	}
	return max(1, min(how.Concurrency, cap(o.InTransaction)-max(0, others)))
}

// acquire takes one of the hook's slots; leave gives it back. It reports false when
// ctx ends.
func (o *Outbox) acquire(ctx context.Context, of slots) (leave func(), ok bool) {
	is, known := o.slots.Load(of)
	if !known {
		is, _ = o.slots.LoadOrStore(of, make(chan struct{}, of.concurrency))
	}
	places := is.(chan struct{})
	select {
	case places <- struct{}{}:
		return func() { <-places }, true
	case <-ctx.Done():
		return nil, false
	}
}

// restore rebuilds the event of a delivery that was claimed from the store.
func (o *Outbox) restore(ctx context.Context, d *delivery) error {
	if d.event != nil {
		return nil
	}
	e, err := o.Hooks.Decode(events.Header{ID: d.ID, Type: events.Type(d.Type), Time: d.Time, ConversationID: d.ConversationID}, d.Data)
	switch {
	case errors.Is(err, events.ErrUnknownType):
		return &unknownError{err}
	case err != nil:
		return err
	}
	c, err := o.Conversations.AsOf(ctx, d.ConversationID, d.Seq)
	if errors.Is(err, store.ErrNotFound) {
		return errNotHeld // it was forgotten, and the delivery with it
	}
	if err != nil {
		return &unavailableError{err}
	}
	e.Head().Conversation = c
	d.event = e
	return nil
}

// unknownError is about an event of a type that this process does not know.
type unknownError struct{ error }

func unknown(err error) bool {
	_, is := err.(*unknownError) //nolint:errorlint // as with unavailable
	return is
}

// met returns since when this process meets the type of a delivery that it does not
// know, and says once that its events wait.
func (o *Outbox) met(d *delivery, err error) time.Time {
	since, known := o.unknown.LoadOrStore(d.Type, time.Now())
	if !known {
		o.Log.Warn("deliveries wait for a process that knows the type of their events: register it with events.Define in every process, or update this one",
			"type", d.Type, "hook", d.Hook, "conversation", d.ConversationID, "event", d.ID, "error", err)
	}
	return since.(time.Time)
}

// unavailableError is a failure of the store.
type unavailableError struct{ err error }

func (e *unavailableError) Error() string { return fmt.Sprintf("%v: %v", errUnavailable, e.err) }

func unavailable(err error) bool {
	_, is := err.(*unavailableError) //nolint:errorlint // it is never wrapped, and the host's own errors may panic when asked
	return is
}

// runInTx runs the hook in the transaction that marks the delivery as done.
func (o *Outbox) runInTx(ctx context.Context, d *delivery) (recorded bool, err error) {
	select {
	case o.InTransaction <- struct{}{}:
		defer func() { <-o.InTransaction }()
	case <-ctx.Done():
		return false, errNotHeld
	}
	ran := false
	var hook error
	outcome := d.Outcome(o.Owner, store.Done)
	outcome.InTx = func(ctx context.Context) error {
		ctx, done := access.EnterHost(ctx)
		defer done()
		ran = true
		hook = o.Hooks.RunAfter(ctx, d.Hook, d.event)
		return hook
	}
	done, err := o.Commits.Commit(ctx, store.Batch{Owner: o.Owner, Outcomes: []store.Outcome{outcome}})
	switch {
	case hook != nil:
		return false, hook
	case err == nil && !ran:
		return false, errNotHeld
	case err == nil:
		if done.Ready {
			o.Look()
		}
		return true, nil
	case ran:
		return o.askAgain(ctx, d, err)
	}
	return false, &unavailableError{err}
}

// askAgain finds out what became of a transaction that failed after the hook had
// run, by another one that marks the delivery as done, and is rolled back. It may
// have been committed, and only the answer was lost: then the delivery is not held
// any more. If not, whose fault it is shows in whether the store works without the
// hook: a hook can leave the transaction in a state that only its end reveals.
func (o *Outbox) askAgain(ctx context.Context, d *delivery, failed error) (recorded bool, err error) {
	held := false
	outcome := d.Outcome(o.Owner, store.Done)
	outcome.InTx = func(context.Context) error {
		held = true
		return errAsked
	}
	_, err = o.Commits.Commit(ctx, store.Batch{Owner: o.Owner, Outcomes: []store.Outcome{outcome}})
	switch {
	case held && access.TroubleOf(failed) != access.Full:
		return false, fmt.Errorf("%w: %w", errTransaction, failed)
	case held, err != nil:
		return false, &unavailableError{failed}
	case !o.mine(d): // somebody else may have claimed it
		return false, errNotHeld
	}
	o.Look()
	return true, nil
}

// failed counts a failed try.
func (o *Outbox) failed(ctx context.Context, d *delivery, how events.Delivery, err error) result {
	f := failure.Of(d.Hook, d.Event, d.Attempts+1, err, time.Now())
	o.Counters.Failed.Add(1)
	if f.Attempts >= how.Attempts {
		o.Counters.ForGood.Add(1)
		o.Failures.ForGood(ctx, d.ConversationID, &f, "its later events of the conversation wait behind this one")
		return result{outcome: store.Outcome{Did: store.Failed, Failure: f}}
	}
	wait := events.Wait(how.Backoff, f.Attempts, time.Minute)
	o.Failures.Again(ctx, d.ConversationID, &f, wait)
	return result{outcome: store.Outcome{Did: store.WillRetry, Wait: wait, Failure: f}}
}
