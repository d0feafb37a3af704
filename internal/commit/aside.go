package commit

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// setAside stores the facts of a change that a Before hook refuses beside the
// conversation.
func (c *Committer) setAside(ctx context.Context, a *attempt, hook *events.HookError, attempts int) {
	refused := &refusal{hook}
	f := failure.Of(hook.Hook, refused.event(), attempts, hook, time.Now())
	if a.work.Decision != nil {
		a.work.Refused = hook
	}
	id := a.record.ID
	a.plan = change.Refuse(a.record, a.request, f, a.plan.Except)
	kept := a.plan.Change.Refused
	if !c.keep(ctx, a) {
		return
	}
	if !kept.Next.IsZero() {
		c.Failures.Refused(ctx, id, &kept.Failure, kept.Next)
		return
	}
	c.Counters.ForGood.Add(1)
	c.Failures.ForGood(ctx, id, &kept.Failure, "what was heard of the conversation is kept aside until somebody decides")
	c.Failed(store.FailedItem{ID: store.ChangeID(id), Kind: store.FailedChange, ConversationID: id,
		Event: store.Event{ID: kept.EventID, ConversationID: id, Type: kept.Type}, Failure: kept.Failure, Since: kept.Since})
}

// putOff stores the facts of a conversation on which a Before hook cannot decide
// yet.
func (c *Committer) putOff(ctx context.Context, a *attempt, e *events.NotYetError) {
	var about store.Event
	for _, e := range a.plan.Events {
		if h := e.Head(); h.Type == events.TypeConversationCreated {
			about = store.Event{ID: h.ID, Type: string(h.Type)}
		}
	}
	a.plan = change.PutOff(a.record, a.request, e, about, a.plan.Except)
	if c.keep(ctx, a) {
		c.Log.Debug("not decided yet", "conversation", a.record.ID, "hook", e.Hook, "reason", e.Reason)
	}
}

// keep commits a plan that keeps facts aside, and reports whether it did. Where
// another process was faster, the work begins anew.
func (c *Committer) keep(ctx context.Context, a *attempt) bool {
	for failures := 1; ; failures++ {
		version, err := c.tryAlone(ctx, a, answers{})
		switch {
		case err == nil:
			c.committed(a, version)
			return true
		case err == store.ErrConflict: //nolint:errorlint // it is returned as it is
			c.lostRace(a.record.ID)
			c.commitAlone(ctx, a.work)
			return false
		}
		c.Store.Failed("committing", err)
		if failures >= c.StoreAttempts || !retry.PauseForStore(ctx, failures) {
			c.Lanes.Finish(a.work, err)
			return false
		}
	}
}
