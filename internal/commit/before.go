package commit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/failure"
)

// errUndone: a hook vetoed an event after others had written for it, or an
// optional one failed. The transaction is rolled back, and the change is made
// again with that known.
var errUndone = errors.New("the attempt is undone, and made again with what a hook has said")

// answers are what Before hooks have said in attempts that were rolled back, so that
// they are not asked again.
type answers struct {
	vetoes map[string]change.Veto // by the event
	passed map[question]bool      // of optional hooks, those that failed
	broke  map[question]bool      // of optional hooks, those that ran last in a transaction that was not committed
}

// question is what a hook is asked: about an event.
type question struct{ hook, event string }

func noAnswers() answers {
	return answers{map[string]change.Veto{}, map[question]bool{}, map[question]bool{}}
}

// beforeRun is what the Before hooks of one attempt have done.
type beforeRun struct {
	answers // in earlier attempts, and in this one

	last   *events.HookError // names the hook that ran last; nil: none ran
	failed *events.HookError
	notYet *events.NotYetError
	undone bool
}

// runBefore runs the Before hooks of all events, in order, inside the
// transaction, and completes the change. Attributes that a hook sets join the
// conversation, so the next one sees them.
func (c *Committer) runBefore(ctx context.Context, a *attempt, run *beforeRun) error {
	ctx, done := access.EnterHost(ctx)
	defer done()
	for _, e := range a.plan.Events {
		if !a.plan.Asks(e) {
			a.plan.Repeat(e, c.Stated.After(time.Now()))
			continue
		}
		if err := c.askBefore(ctx, a.plan, e, run); err != nil {
			return err
		}
	}
	if a.plan.Change.Vetoed != "" {
		return nil
	}
	if err := c.complete(a.plan); err != nil {
		return err
	}
	c.reserve(a)
	return nil
}

// askBefore runs the Before hooks of one event, until one fails or vetoes it.
func (c *Committer) askBefore(ctx context.Context, p *change.Plan, e events.Event, run *beforeRun) error {
	h := e.Head()
	creation := h.Type == events.TypeConversationCreated
	wrote := creation && run.last != nil // a veto of the creation undoes everything
	h.Conversation = p.Change.To
	state := func() { p.SetAttributes(h.TakeAttributes(), c.Stated.After(time.Now())) }
	for name := range c.Hooks.EachBefore(e) {
		if slices.Contains(p.Except, change.SkippedAt(name, h)) || run.passed[question{name, h.ID}] {
			continue
		}
		run.last = &events.HookError{Hook: name, Timing: events.TimingBefore, EventID: h.ID, EventType: h.Type, ConversationID: h.ConversationID}
		h.TakeAttributes() // of a hook that failed, or of a run that was rolled back
		err := c.run(ctx, name, e)
		var veto *events.VetoError
		var notYet *events.NotYetError
		switch {
		case errors.As(err, &notYet) && !p.MustDecide:
			run.notYet = notYet
			return err
		case notYet != nil:
			c.Log.Info("a conversation is tracked on which a hook could not decide in time", "conversation", h.ConversationID, "hook", notYet.Hook, "reason", notYet.Reason)
			state()
		case creation && p.Overruled && errors.As(err, &veto):
			c.Log.Info("a veto is overruled: somebody wants the conversation tracked", "conversation", h.ConversationID, "hook", veto.Hook, "reason", veto.Reason)
			state()
		case err == nil:
			c.Failures.Worked(name)
			state()
		case errors.As(err, &run.failed): // the store may run all of it again
			if errors.Is(run.failed.Err, events.ErrTimeout) {
				c.places.slow(name)
			}
			return err
		case errors.As(err, &veto):
			c.Log.Info("vetoed", "conversation", h.ConversationID, "event", h.ID, "type", h.Type, "hook", veto.Hook, "reason", veto.Reason)
			v := change.Veto{Hook: veto.Hook, Reason: veto.Reason, Attributes: h.TakeAttributes()}
			run.vetoes[h.ID] = v
			if wrote {
				run.undone = true
				return errUndone
			}
			p.Veto(e, v, c.Stated.After(time.Now()))
			return nil
		}
		wrote = true
		h.Conversation = p.Change.To // with the attributes that the hook has set
	}
	return nil
}

// run runs a Before hook.
func (c *Committer) run(ctx context.Context, name string, e events.Event) error {
	if c.Telemetry == nil {
		return c.Hooks.RunBefore(ctx, name, e)
	}
	ctx, run := c.Telemetry.BeginBefore(ctx, name, e.Head())
	err := c.Hooks.RunBefore(ctx, name, e)
	c.Telemetry.EndBefore(ctx, run, name, e.Head().Type, err)
	return err
}

// pass notes that an optional hook has failed: the change is made again without
// it, as what it did in the transaction may have broken that.
func (c *Committer) pass(ctx context.Context, attempt *beforeRun, failed *events.HookError) bool {
	if !c.Hooks.Optional(failed.Hook) {
		return false
	}
	refused := &refusal{failed}
	f := failure.Of(failed.Hook, refused.event(), 1, failed, time.Now())
	c.Failures.ForGood(ctx, failed.ConversationID, &f, "the hook is optional: the change is made without what it would have written")
	c.Counters.BeforeFailed.Add(1)
	attempt.passed[question{failed.Hook, failed.EventID}] = true
	attempt.undone = true
	return true
}
