// Package retention deletes what ended long ago, and tombstones that are old. One
// of the processes that share a store does so, in small batches with pauses, so
// that nobody else waits for it.
package retention

import (
	"context"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

const (
	// atOnce is how many conversations are deleted in one transaction, and
	// atOnceTombstones how many tombstones, of which each is one row.
	atOnce           = 5
	atOnceTombstones = 200
	// share is which part of the time is spent on it at the most.
	share      = 10
	leastPause = 50 * time.Millisecond
	// every is how often it is looked for more.
	every = time.Minute
)

// Store is what is deleted from.
type Store interface {
	List(ctx context.Context, q store.Query) (store.Page, error)
	Forget(ctx context.Context, ids ...string) (int, error)
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
	// Failed notes that a call has failed and is going to be repeated.
	Failed(doing string, err error)
}

// Config is what retention needs. All of it is required.
type Config struct {
	Store Store
	// Mine reports whether this process is the one to do it.
	Mine func() bool
	// LetGo is told what was deleted.
	LetGo func(ctx context.Context, ids []string)

	Conversations time.Duration // how long they are kept after their end; 0: for ever
	Tombstones    time.Duration // how long they are kept
	Log           *slog.Logger
}

// Retention deletes.
type Retention struct{ Config }

// New returns a retention. Nothing happens before Loop.
func New(c Config) *Retention { return &Retention{c} }

// DeleteConversations deletes what is due now, and returns how many
// conversations that were.
func (r *Retention) DeleteConversations(ctx context.Context) (int, error) {
	return r.rounds(ctx, r.conversations)
}

// Loop deletes what is due, until ctx ends.
func (r *Retention) Loop(ctx context.Context) {
	for retry.Pause(ctx, every) {
		if !r.Mine() {
			continue
		}
		n, err := r.DeleteConversations(ctx)
		if n > 0 {
			r.Log.Info("forgotten", "by", "Config.Retain", "conversations", n)
		}
		if err == nil {
			_, err = r.rounds(ctx, r.tombstones)
		}
		if err != nil && ctx.Err() == nil {
			r.Store.Failed("deleting what ended long ago", err)
		}
	}
}

// rounds deletes batch after batch, until less than one is left.
func (r *Retention) rounds(ctx context.Context, batch func(ctx context.Context) (n int, more bool, err error)) (total int, err error) {
	for {
		began := time.Now()
		n, more, err := batch(ctx)
		total += n
		if err != nil || !more || !r.Mine() {
			return total, err
		}
		if !retry.Pause(ctx, max(leastPause, (share-1)*time.Since(began))) {
			return total, nil
		}
	}
}

func (r *Retention) conversations(ctx context.Context) (n int, more bool, err error) {
	if r.Conversations <= 0 {
		return 0, false, nil
	}
	before := time.Now().Add(-r.Conversations)
	// What ended before began before: so only old ones are looked at.
	page, err := r.Store.List(ctx, store.Query{Status: []conversation.Status{conversation.StatusEnded}, EndedBefore: before, StartedBefore: before, Limit: atOnce})
	if err != nil || len(page.Conversations) == 0 {
		return 0, false, err
	}
	ids := make([]string, len(page.Conversations))
	for i, c := range page.Conversations {
		ids[i] = c.ID
	}
	if n, err = r.Store.Forget(ctx, ids...); err != nil {
		return 0, false, err
	}
	r.LetGo(ctx, ids)
	return n, page.Next != "", nil
}

func (r *Retention) tombstones(ctx context.Context) (n int, more bool, err error) {
	n, err = r.Store.Expire(ctx, time.Now().Add(-r.Tombstones), atOnceTombstones)
	return n, n == atOnceTombstones, err
}
