package commit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// mostConflicts is how often a change is based on the newest version again.
const mostConflicts = 100

// ErrBusy is for a conversation that was changed by others so often meanwhile
// that its change was given up.
var ErrBusy = errors.New("convtrack: the conversation is changed by other processes all the time")

// commitAlone commits the work of one conversation, with its Before hooks, as
// often as vetoes, races and failures ask for.
func (c *Committer) commitAlone(ctx context.Context, w *lane.Work) {
	w.Refused = nil // by an attempt that lost a race
	answers := noAnswers()
	refusals := map[string]int{} // by the hook
	var conflicts, failures int
	for {
		a, err := c.next(ctx, w, answers.vetoes)
		if err != nil || a.plan == nil {
			c.Lanes.Finish(w, err)
			return
		}
		version, err := c.tryAlone(ctx, a, answers)
		var refused *refusal
		var notYet *events.NotYetError
		switch {
		case err == nil:
			c.committed(a, version)
			return
		case err == errUndone: //nolint:errorlint // it is returned as it is
		case err == store.ErrConflict: //nolint:errorlint // so is this
			c.lostRace(w.ID)
			if conflicts++; conflicts >= mostConflicts {
				c.Lanes.Finish(w, ErrBusy)
				return
			}
			retry.Pause(ctx, rand.N(time.Duration(min(conflicts, 20))*time.Millisecond))
		case errors.As(err, &notYet):
			c.putOff(ctx, a, notYet)
			return
		case errors.As(err, &refused):
			hook := refused.hook.Hook
			refusals[hook]++
			c.Counters.BeforeFailed.Add(1)
			attempts, backoff := c.tries(hook)
			if refusals[hook] >= attempts || again(a) {
				c.setAside(ctx, a, refused.hook, refusals[hook])
				return
			}
			wait := events.Wait(backoff, refusals[hook], time.Second)
			f := failure.Of(hook, refused.event(), refusals[hook], refused.hook, time.Now())
			c.Failures.Again(ctx, w.ID, &f, wait)
			retry.Pause(ctx, wait)
		default:
			c.Store.Failed("committing", err)
			if failures++; failures >= c.StoreAttempts || !retry.PauseForStore(ctx, failures) {
				c.Lanes.Finish(w, err)
				return
			}
		}
	}
}

// tries returns how often the Before hook is tried, and the pauses between.
func (c *Committer) tries(hook string) (attempts int, backoff func(attempt int) time.Duration) {
	attempts, backoff = c.Hooks.Tries(hook)
	if attempts == 0 {
		attempts = c.BeforeAttempts
	}
	if backoff == nil {
		backoff = c.BeforeBackoff
	}
	return attempts, backoff
}

// again reports whether the attempt is of a change that was refused before: it
// is tried once each time.
func again(a *attempt) bool {
	return a.work.Decision != nil || a.record.Refused != nil && !a.record.Refused.Undecided()
}

// next begins an attempt with the record as it is now.
func (c *Committer) next(ctx context.Context, w *lane.Work, vetoes map[string]change.Veto) (*attempt, error) {
	records, _, err := c.load(ctx, []*lane.Work{w}, false)
	if err != nil {
		return nil, err
	}
	return c.begin(ctx, w, records[0], vetoes)
}

// refusal is the error of an attempt that a Before hook has failed.
type refusal struct{ hook *events.HookError }

func (r *refusal) Error() string { return "a Before hook failed: " + r.hook.Hook }

func (r *refusal) event() store.Event {
	return store.Event{ID: r.hook.EventID, Type: string(r.hook.EventType)}
}

// errTransaction: the store works, but not with what the hooks did in it.
var errTransaction = errors.New("the transaction in which the hooks ran was not committed, while the store works without them")

// why is the kind of reason for which an attempt was not committed.
func (r *beforeRun) why(err error) string {
	switch {
	case r.undone:
		return "undone"
	case r.failed != nil:
		return "hook"
	case r.notYet != nil:
		return "not_yet"
	case errors.Is(err, store.ErrConflict):
		return "conflict"
	}
	return "store"
}

// tryAlone commits one attempt, once there is a place for its Before hooks. The
// error is store.ErrConflict, errUndone, a *refusal, or the store's. When a
// transaction with hooks is not committed, whose fault it is shows in whether
// the store works without them: a hook can leave the transaction in a state that
// only its end reveals; see whose.
func (c *Committer) tryAlone(ctx context.Context, a *attempt, known answers) (version int64, err error) {
	run := &beforeRun{answers: known}
	ctx = c.measure(ctx, a)
	if hooks := c.asked(a.plan); len(hooks) > 0 {
		leave, err := c.places.take(ctx, hooks)
		if err != nil {
			a.abandon("canceled")
			return 0, err
		}
		defer leave()
		plan := *a.plan
		a.plan.Change.InTx = func(ctx context.Context, _ *store.Change) error { // a store that was in a deadlock runs it again
			a.reserved.Abandon()
			*a.plan, *run = plan, beforeRun{answers: known}
			return c.runBefore(ctx, a, run)
		}
	} else {
		if err := c.complete(a.plan); err != nil {
			a.abandon("encoding")
			return 0, err
		}
		c.reserve(a)
	}
	done, err := c.commit(ctx, store.Batch{Owner: c.Owner, Lease: c.Lease, Changes: []*store.Change{a.plan.Change}})
	if err == nil {
		version, err = done.Results[0].Version, done.Results[0].Err
	}
	if err == nil {
		return version, nil
	}
	switch {
	case run.failed == nil || ctx.Err() != nil:
	case errors.Is(err, run.failed):
		c.pass(ctx, run, run.failed)
	default: // the store began again, and did not come to the hooks
		*run = beforeRun{answers: known}
	}
	a.abandon(run.why(err))
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case run.undone:
		return 0, errUndone
	case run.failed != nil:
		return 0, &refusal{run.failed}
	case run.notYet != nil:
		return 0, run.notYet
	case run.last == nil && errors.Is(err, store.ErrConflict):
		return 0, store.ErrConflict
	case run.last != nil:
		return 0, c.whose(ctx, a, run, err)
	}
	return 0, err
}

// errAsked ends a transaction that only asks whether the store takes the change.
var errAsked = errors.New("the store takes the change")

// whose decides whose fault it is that a transaction failed in which hooks had run:
// the store is asked for one without them, which is rolled back. The first one may
// have been committed, and only the answer was lost: then the version is another one,
// as after a lost race. An optional hook is not passed over for a transaction that
// only lost its connection: the change is made once more with it.
func (c *Committer) whose(ctx context.Context, a *attempt, run *beforeRun, failed error) error {
	if access.TroubleOf(failed) == access.Full {
		return failed
	}
	ask := *a.plan.Change
	ask.InTx = func(context.Context, *store.Change) error { return errAsked }
	done, err := c.commit(ctx, store.Batch{Owner: c.Owner, Lease: c.Lease, Changes: []*store.Change{&ask}})
	switch {
	case err != nil:
		return failed
	case errors.Is(done.Results[0].Err, store.ErrConflict):
		return store.ErrConflict
	case !errors.Is(done.Results[0].Err, errAsked):
		return failed
	}
	hook := question{run.last.Hook, run.last.EventID}
	if c.Hooks.Optional(hook.hook) && !run.broke[hook] {
		run.broke[hook] = true
		return errUndone
	}
	run.last.Err = fmt.Errorf("%w: %w", errTransaction, failed)
	if c.pass(ctx, run, run.last) {
		return errUndone
	}
	return &refusal{run.last}
}
