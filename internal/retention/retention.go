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

// Who stores something while a step is under way waits for the rest of it at the
// most, and has the machine for itself at all other times. With one part in twenty
// of the time, and steps that take about as long as a commit of somebody else, all
// others together wait less than a tenth longer.
const (
	// listed is how many conversations are looked for in one step, atOnce how many
	// are deleted in one transaction, and atOnceTombstones how many tombstones, of
	// which each is one row.
	listed           = 4
	atOnce           = 2
	atOnceTombstones = 100
	// share is which part of the time is spent on it at the most.
	share      = 20
	leastPause = 20 * time.Millisecond
	// every is how often it is looked for more.
	every = time.Minute
)

// Store is what is deleted from.
type Store interface {
	List(ctx context.Context, q store.Query) (store.Page, error)
	Forget(ctx context.Context, ids ...string) (int, error)
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
}

// Config is what retention needs. All of it is required.
type Config struct {
	Store Store
	// Failed notes that a call of the store has failed and is going to be repeated.
	Failed func(doing string, err error)
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
	var found []string
	return r.rounds(ctx, func(ctx context.Context) (int, bool, error) { return r.conversations(ctx, &found) })
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
			r.Failed("deleting what ended long ago", err)
		}
	}
}

// rounds takes step after step, until nothing is left to do.
func (r *Retention) rounds(ctx context.Context, step func(ctx context.Context) (n int, more bool, err error)) (total int, err error) {
	for {
		began := time.Now()
		n, more, err := step(ctx)
		total += n
		if err != nil || !more || !r.Mine() {
			return total, err
		}
		if !retry.Pause(ctx, max(leastPause, (share-1)*time.Since(began))) {
			return total, nil
		}
	}
}

// conversations looks for some, or deletes some of those that were found.
func (r *Retention) conversations(ctx context.Context, found *[]string) (n int, more bool, err error) {
	if r.Conversations <= 0 {
		return 0, false, nil
	}
	if len(*found) == 0 {
		*found, err = r.find(ctx)
		return 0, len(*found) > 0, err
	}
	ids := (*found)[:min(atOnce, len(*found))]
	*found = (*found)[len(ids):]
	if n, err = r.Store.Forget(ctx, ids...); err != nil {
		return 0, false, err
	}
	r.LetGo(ctx, ids)
	return n, true, nil
}

// find returns the ids of some that ended long enough ago.
func (r *Retention) find(ctx context.Context) ([]string, error) {
	before := time.Now().Add(-r.Conversations)
	// What ended before began before: so only old ones are looked at.
	page, err := r.Store.List(ctx, store.Query{Status: []conversation.Status{conversation.StatusEnded}, EndedBefore: before, StartedBefore: before, Limit: listed})
	ids := make([]string, len(page.Conversations))
	for i, c := range page.Conversations {
		ids[i] = c.ID
	}
	return ids, err
}

func (r *Retention) tombstones(ctx context.Context) (n int, more bool, err error) {
	n, err = r.Store.Expire(ctx, time.Now().Add(-r.Tombstones), atOnceTombstones)
	return n, n == atOnceTombstones, err
}
