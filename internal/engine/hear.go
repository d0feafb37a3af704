package engine

import (
	"context"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/duplicate"
	"github.com/dcmkit/convtrack/internal/inbox"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/store"
)

// Hear takes what a source has heard and returns when it is stored: with its
// conversation where this process looks after that, else in the inbox of the one
// that does, unless that one has heard and stored it, too.
func (e *Engine) Hear(ctx context.Context, facts []*conversation.Conversation) error {
	if err := e.Begun(ctx); err != nil {
		return err
	}
	facts = e.Duplicates.Without(ctx, facts)
	var away []inbox.Heard
	var noted duplicate.Noted
	r := lane.NewReceipt()
	if e.config.Telemetry != nil {
		r.Heard = telemetry.HeardIn(ctx)
	}
	for _, c := range facts {
		if owner := e.Membership.Owner("", c.ID); owner != e.config.Instance {
			away = append(away, inbox.Heard{Owner: owner, Conversation: c})
			continue
		}
		noted = e.Duplicates.Note(noted, c)
		if err := e.Lanes.Push(ctx, c, r); err != nil {
			r.Fail(err)
			break
		}
	}
	if len(away) > 0 {
		if err := e.Inbox.Pass(ctx, away); err != nil {
			r.Fail(err)
		}
	}
	err := r.Wait(ctx)
	if err == nil && len(away) == 0 {
		e.Duplicates.Stored(noted)
	}
	return err
}

// Hint takes hints and returns when they are stored.
func (e *Engine) Hint(ctx context.Context, hints []conversation.Hint) error {
	if err := e.Begun(ctx); err != nil {
		return err
	}
	return e.Inbox.Hint(ctx, hints)
}

// Lift takes the tombstone of a vetoed conversation away, and has the
// conversation read. It returns the record as it was; with a version of zero, or
// without a veto, nothing was done.
func (e *Engine) Lift(ctx context.Context, id string) (store.Record, error) {
	records, err := e.Store.Load(ctx, id)
	if err != nil {
		return store.Record{}, err
	}
	was := records[0]
	lifted := was.Refused != nil && was.Refused.Undecided() && was.Refused.Overruled
	if was.Vetoed == "" && !lifted {
		return was, nil
	}
	if err := e.Begun(ctx); err != nil {
		return was, err
	}
	r := lane.NewReceipt()
	if err := e.Lanes.Lift(id, r); err != nil {
		return was, err
	}
	if err := r.Wait(ctx); err != nil {
		return was, err
	}
	return was, e.Inbox.Hint(ctx, []conversation.Hint{{ConversationID: id, By: "Track"}})
}

// Settle announces every conclusion that waits, and returns when that is stored.
func (e *Engine) Settle(ctx context.Context) error {
	if err := e.Begun(ctx); err != nil {
		return err
	}
	return e.settling.All(ctx)
}

// Decide retries or skips the change of the conversation that a hook refused,
// and reports whether there was one.
func (e *Engine) Decide(ctx context.Context, conversationID string, do store.Decision) (bool, error) {
	records, err := e.Store.Load(ctx, conversationID)
	if err != nil || records[0].Refused == nil || records[0].Refused.Undecided() {
		return false, err
	}
	if err := e.Begun(ctx); err != nil {
		return false, err
	}
	r := lane.NewReceipt()
	if err := e.Lanes.Decide(conversationID, do, r); err != nil {
		return false, err
	}
	return true, r.Wait(ctx)
}

// Decided has all processes look for deliveries that are due: somebody has decided
// on failed ones. A process that cannot be told finds them within a lease.
func (e *Engine) Decided(ctx context.Context) {
	e.Outbox.Look()
	others, err := e.others(ctx)
	if err == nil && len(others) > 0 {
		err = e.Inbox.TellDecided(ctx, others)
	}
	if err != nil {
		e.config.Log.WarnContext(ctx, "the other processes could not be told of decisions on failed deliveries; they find them within their lease", "error", err)
	}
}
