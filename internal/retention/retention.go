// Package retention deletes what ended long ago, what hooks refused long ago, and
// tombstones that are old. One of the processes that share a store does so, in
// small batches with pauses, so that nobody else waits for it.
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
	// listed is how many conversations are looked for in one step, listedFailed how
	// much of what has failed, atOnce how many conversations are deleted in one
	// transaction, and atOnceTombstones how many tombstones, of which each is one row.
	listed           = 4
	listedFailed     = 50
	atOnce           = 2
	atOnceTombstones = 100
	// mostTold is of how many conversations the other processes are told at a time.
	mostTold = 1000
	// share is which part of the time is spent on it at the most.
	share      = 20
	leastPause = 20 * time.Millisecond
	// every is how often it is looked for more, and everyWhole how often through all
	// that has ended, so many conversations in one step.
	every      = time.Minute
	everyWhole = 24 * time.Hour
	scanned    = 200
)

// Store is what is deleted from.
type Store interface {
	List(ctx context.Context, q store.Query) (store.Page, error)
	Forget(ctx context.Context, ids ...string) (int, error)
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
}

// Config is what retention needs. All of it is required, but for ListFailed, Free and Tell.
type Config struct {
	Store Store
	// ListFailed is Failed of the store; nil: what hooks refused stays.
	ListFailed func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error)
	// Free returns those of the conversations of which nothing is kept aside; nil: all
	// are free. What hooks refused of one that came back is not in what List returns.
	Free func(ctx context.Context, ids []string) ([]string, error)
	// Failed notes that a call of the store has failed and is going to be repeated.
	Failed func(doing string, err error)
	// Mine reports whether this process is the one to do it.
	Mine func() bool
	// LetGo is told what was deleted.
	LetGo func(ctx context.Context, ids []string)
	// Tell tells the other processes, of some thousand at a time; nil: there are none.
	Tell func(ctx context.Context, ids []string)

	Conversations time.Duration // how long they are kept after their end, or after their last refusal; 0: for ever
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
	if r.Conversations <= 0 {
		return 0, nil
	}
	return r.delete(ctx, oneByOne(r.ended(), r.startless(), r.refused()))
}

// Loop deletes what is due, until ctx ends.
func (r *Retention) Loop(ctx context.Context) {
	var whole time.Time
	for retry.Pause(ctx, every) {
		if !r.Mine() {
			continue
		}
		n, err := r.deleteDue(ctx, &whole)
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

// deleteDue deletes what is due now: what is found only by looking at all that has
// ended, once a day.
func (r *Retention) deleteDue(ctx context.Context, whole *time.Time) (int, error) {
	if now := time.Now(); now.Sub(*whole) >= everyWhole {
		n, err := r.DeleteConversations(ctx)
		if err == nil {
			*whole = now
		}
		return n, err
	}
	if r.Conversations <= 0 {
		return 0, nil
	}
	return r.delete(ctx, oneByOne(r.ended(), r.refused()))
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

// search returns the ids of some that are due, and whether there may be more.
type search func(ctx context.Context) (ids []string, more bool, err error)

// oneByOne goes through one search after the other.
func oneByOne(searches ...search) search {
	return func(ctx context.Context) (ids []string, more bool, err error) {
		ids, more, err = searches[0](ctx)
		if err == nil && !more && len(searches) > 1 {
			searches, more = searches[1:], true
		}
		return ids, more, err
	}
}

// delete looks for some, deletes these, looks for more, and so on.
func (r *Retention) delete(ctx context.Context, some search) (int, error) {
	var found, gone []string
	tell := func() {
		if len(gone) > 0 && r.Tell != nil {
			r.Tell(ctx, gone)
		}
		gone = nil
	}
	defer tell()
	more := true
	return r.rounds(ctx, func(ctx context.Context) (n int, _ bool, err error) {
		if len(found) == 0 {
			found, more, err = some(ctx)
			return 0, more || len(found) > 0, err
		}
		ids := found[:min(atOnce, len(found))]
		found = found[len(ids):]
		if n, err = r.Store.Forget(ctx, ids...); err != nil {
			return 0, false, err
		}
		r.LetGo(ctx, ids)
		if gone = append(gone, ids...); len(gone) >= mostTold {
			tell()
		}
		return n, more || len(found) > 0, nil
	})
}

// ended finds what ended long enough ago. What is not free stays, so the next page
// begins behind it.
func (r *Retention) ended() search {
	after := ""
	return func(ctx context.Context) (ids []string, more bool, err error) {
		before := time.Now().Add(-r.Conversations)
		// What ended before began before: so only old ones are looked at.
		page, err := r.Store.List(ctx, store.Query{Status: []conversation.Status{conversation.StatusEnded}, EndedBefore: before, StartedBefore: before, Limit: listed, After: after})
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		if err != nil || r.Free == nil || len(ids) == 0 {
			return ids, len(ids) > 0, err
		}
		found := len(ids)
		if ids, err = r.Free(ctx, ids); len(ids) < found {
			after = page.Next
		}
		return ids, len(ids) > 0 || page.Next != "", err
	}
}

// startless finds, page by page, what ended long enough ago and began nobody knows
// when, which no search by the start finds.
func (r *Retention) startless() search {
	q := store.Query{Status: []conversation.Status{conversation.StatusEnded}, EndedBefore: time.Now().Add(-r.Conversations), Limit: listed, Scan: scanned}
	return func(ctx context.Context) (ids []string, more bool, err error) {
		page, err := r.Store.List(ctx, q)
		for _, c := range page.Conversations {
			if c.Start.IsZero() {
				ids = append(ids, c.ID)
			}
		}
		if q.After = page.Next; err == nil && r.Free != nil && len(ids) > 0 {
			ids, err = r.Free(ctx, ids)
		}
		return ids, page.Next != "", err
	}
}

// refused finds, page by page, what hooks refused for good long enough ago: what
// was kept aside does not end by itself.
func (r *Retention) refused() search {
	if r.ListFailed == nil {
		return func(context.Context) ([]string, bool, error) { return nil, false, nil }
	}
	q := store.FailedQuery{Before: time.Now().Add(-r.Conversations), Limit: listedFailed}
	return func(ctx context.Context) (ids []string, more bool, err error) {
		page, err := r.ListFailed(ctx, q)
		for i := range page.Items {
			if x := &page.Items[i]; x.Kind == store.FailedChange && x.Next.IsZero() {
				ids = append(ids, x.ConversationID)
			}
		}
		q.After = page.Next
		return ids, page.Next != "", err
	}
}

func (r *Retention) tombstones(ctx context.Context) (n int, more bool, err error) {
	n, err = r.Store.Expire(ctx, time.Now().Add(-r.Tombstones), atOnceTombstones)
	return n, n == atOnceTombstones, err
}
