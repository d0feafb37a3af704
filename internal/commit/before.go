package commit

import (
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
)

// errUndone: a hook vetoed an event after others had written for it. The
// transaction is rolled back, and the change is made again with the veto known.
var errUndone = errors.New("a veto undoes what earlier hooks wrote")

// beforeRun is what the Before hooks of one attempt have done.
type beforeRun struct {
	vetoes map[string]change.Veto // known from earlier attempts, and new ones

	last   *events.HookError // names the hook that ran last; nil: none ran
	failed *events.HookError
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
	for _, name := range c.Hooks.BeforeHooks(e) {
		if name == p.Except {
			continue
		}
		h.Conversation = p.Change.To
		run.last = &events.HookError{Hook: name, Timing: events.TimingBefore, EventID: h.ID, EventType: h.Type, ConversationID: h.ConversationID}
		err := c.Hooks.RunBefore(ctx, name, e)
		var veto *events.VetoError
		switch {
		case err == nil:
			p.SetAttributes(h.Attributes(), time.Now())
		case errors.As(err, &run.failed):
			return err
		case errors.As(err, &veto):
			c.Log.Info("vetoed", "conversation", h.ConversationID, "event", h.ID, "type", h.Type, "hook", veto.Hook, "reason", veto.Reason)
			v := change.Veto{Hook: veto.Hook, Reason: veto.Reason}
			run.vetoes[h.ID] = v
			if wrote {
				run.undone = true
				return errUndone
			}
			if !creation {
				p.SetAttributes(h.Attributes(), time.Now())
			}
			p.Veto(e, v)
			return nil
		}
		wrote = true
	}
	return nil
}
