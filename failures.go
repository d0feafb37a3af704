package convtrack

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Failed returns what has failed, the oldest first, page by page: deliveries
// that an After hook failed, and changes that a Before hook refused.
func (t *Tracker) Failed(ctx context.Context, q store.FailedQuery) iter.Seq2[store.FailedItem, error] {
	return paged(ctx, q.After, func(after string) ([]store.FailedItem, string, error) {
		page, err := t.failedBehind(ctx, q, after)
		return page.Items, page.Next, err
	})
}

// failedBehind returns the page of what has failed behind a cursor.
func (t *Tracker) failedBehind(ctx context.Context, q store.FailedQuery, after string) (store.FailedPage, error) {
	q.After = after
	return t.store.Failed(ctx, q)
}

// FailedPage returns one page of what has failed, and in Next the cursor of the
// page after it, for [store.FailedQuery.After]; as Page does for conversations.
func (t *Tracker) FailedPage(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	if err := outside(ctx); err != nil {
		return store.FailedPage{}, err
	}
	return t.store.Failed(ctx, q)
}

// Retry tries failed items again, by their ids, as if they had never failed.
// It returns how many there were. A delivery is tried within about a second by
// whichever process has the hook, whether this one runs or not; a change is tried before Retry returns, which needs Run. A change that its
// hook refuses again is an error, after all others have been tried.
//
// The logger gets a line for each call of Retry, Skip, RetryAll and SkipAll that
// decides anything: who (see [WithActor]) has decided how, on how many.
func (t *Tracker) Retry(ctx context.Context, ids ...string) (int, error) {
	n, err := t.decide(ctx, store.Retry, ids)
	t.noteDecision(ctx, "retry", n)
	return n, err
}

// Skip gives failed items up, by their ids, and returns how many there
// were. A delivery counts as done. A change is made without the hook that
// refused it, before Skip returns, which needs Run; about what is heard of the
// conversation later the hook is asked. Where another hook refuses the change now, that
// is an error, and Failed lists it: skip it as well, or Retry.
func (t *Tracker) Skip(ctx context.Context, ids ...string) (int, error) {
	n, err := t.decide(ctx, store.Skip, ids)
	t.noteDecision(ctx, "skip", n)
	return n, err
}

// RetryAll tries again what the query selects, as Retry does, and returns how
// many there were: what has failed before it was called. It goes through them in
// batches; with an error or when ctx ends, those that it has counted are decided.
// The query's Limit is the size of a batch, 100 where it is zero. A refused change
// that fails again is no error of RetryAll; Failed lists it.
func (t *Tracker) RetryAll(ctx context.Context, q store.FailedQuery) (int, error) {
	n, err := t.decideAll(ctx, store.Retry, q)
	t.noteDecision(ctx, "retry", n)
	return n, err
}

// SkipAll gives up what the query selects, as Skip does, in the way of RetryAll.
func (t *Tracker) SkipAll(ctx context.Context, q store.FailedQuery) (int, error) {
	n, err := t.decideAll(ctx, store.Skip, q)
	t.noteDecision(ctx, "skip", n)
	return n, err
}

// noteDecision writes the line of the log that says who has decided.
func (t *Tracker) noteDecision(ctx context.Context, decision string, n int) {
	if n > 0 {
		t.log.InfoContext(ctx, "decided on what failed", "by", actor(ctx), "decision", decision, "items", n)
	}
}

func (t *Tracker) decideAll(ctx context.Context, do store.Decision, q store.FailedQuery) (int, error) {
	if now := time.Now().Add(time.Microsecond); q.Before.IsZero() || q.Before.After(now) {
		q.Before = now // what fails again is not selected again
	}
	n := 0
	for page, err := range t.failedPages(ctx, q) {
		if err != nil {
			return n, err
		}
		ids := make([]string, len(page))
		for i := range page {
			ids[i] = page[i].ID
		}
		decided, err := t.decide(ctx, do, ids)
		n += decided
		var again *events.HookError
		if err != nil && !errors.As(err, &again) {
			return n, err
		}
	}
	return n, nil
}

// failedPages returns what has failed in pages.
func (t *Tracker) failedPages(ctx context.Context, q store.FailedQuery) iter.Seq2[[]store.FailedItem, error] {
	return paged(ctx, q.After, func(after string) ([][]store.FailedItem, string, error) {
		page, err := t.failedBehind(ctx, q, after)
		return [][]store.FailedItem{page.Items}, page.Next, err
	})
}

func (t *Tracker) decide(ctx context.Context, do store.Decision, ids []string) (int, error) {
	if err := outside(ctx); err != nil {
		return 0, err
	}
	var deliveries []string
	var failed error // of changes that a hook has refused again; the others go on, and an error of the store says more
	n := 0
	for _, id := range ids {
		conversationID, ok := store.ParseChange(id)
		if !ok {
			deliveries = append(deliveries, id)
			continue
		}
		was, err := t.engine.Decide(ctx, conversationID, do)
		if was {
			n++
		}
		var again *events.HookError
		switch {
		case errors.As(err, &again):
			failed = errors.Join(failed, err)
		case err != nil:
			return n, err
		}
	}
	if len(deliveries) == 0 {
		return n, failed
	}
	decided, err := t.store.Decide(ctx, do, deliveries...)
	if decided > 0 {
		t.engine.Decided(ctx)
	}
	if err != nil {
		return n + decided, err
	}
	return n + decided, failed
}
