package convtrack

import (
	"context"
	"iter"

	"github.com/dcmkit/convtrack/store"
)

// Failed returns what has failed, the oldest first, page by page: deliveries
// that an After hook failed, and changes that a Before hook refused.
func (t *Tracker) Failed(ctx context.Context, q store.FailedQuery) iter.Seq2[store.FailedItem, error] {
	return paged(ctx, func(after string) ([]store.FailedItem, string, error) {
		if after != "" {
			q.After = after
		}
		page, err := t.store.Failed(ctx, q)
		return page.Items, page.Next, err
	})
}

// Retry tries failed items again, by their ids, as if they had never failed.
// It returns how many there were. A delivery is tried in its own
// time; a change is tried before Retry returns, which needs Run.
func (t *Tracker) Retry(ctx context.Context, ids ...string) (int, error) {
	return t.decide(ctx, store.Retry, ids)
}

// Skip gives failed items up, by their ids, and returns how many there
// were. A delivery counts as done. A change is made without the hook that
// refused it, before Skip returns, which needs Run.
func (t *Tracker) Skip(ctx context.Context, ids ...string) (int, error) {
	return t.decide(ctx, store.Skip, ids)
}

func (t *Tracker) decide(ctx context.Context, do store.Decision, ids []string) (int, error) {
	if err := outside(ctx); err != nil {
		return 0, err
	}
	var deliveries []string
	n := 0
	for _, id := range ids {
		conversationID, ok := store.ParseChange(id)
		if !ok {
			deliveries = append(deliveries, id)
			continue
		}
		was, err := t.engine.Decide(ctx, conversationID, do)
		if err != nil {
			return n, err
		}
		if was {
			n++
		}
	}
	if len(deliveries) == 0 {
		return n, nil
	}
	decided, err := t.store.Decide(ctx, do, deliveries...)
	t.engine.Outbox.Look()
	return n + decided, err
}
