package engine

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// What is heard of a conversation that another process looks after waits a
// little: when that one heard it too, nothing is left to do. How long depends
// on how long a commit takes at present.
const (
	leastWait = 25 * time.Millisecond
	mostWait  = 500 * time.Millisecond
)

// Hear takes what a source has heard and returns when it is stored.
func (e *Engine) Hear(ctx context.Context, facts []*conversation.Conversation) error {
	if err := e.Begun(ctx); err != nil {
		return err
	}
	if !e.looksAfter(facts) {
		retry.Pause(ctx, min(leastWait+4*e.Store.CommitTime(), mostWait))
	}
	r := lane.NewReceipt()
	for _, c := range facts {
		if err := e.Lanes.Push(ctx, c, r); err != nil {
			r.Fail(err)
			break
		}
	}
	return r.Wait(ctx)
}

func (e *Engine) looksAfter(facts []*conversation.Conversation) bool {
	for _, c := range facts {
		if !e.Membership.Owns("", c.ID) {
			return false
		}
	}
	return true
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
func (e *Engine) Decide(ctx context.Context, conversationID string, do store.Unpark) (bool, error) {
	records, err := e.Store.Load(ctx, conversationID)
	if err != nil || records[0].Refused == nil {
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
