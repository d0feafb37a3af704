package convtrack

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/store"
)

// outside returns ErrInBefore when ctx is that of a hook in the transaction.
func outside(ctx context.Context) error {
	if access.InHost(ctx) {
		return ErrInBefore
	}
	return nil
}

// Get returns a conversation as it is stored; store.ErrNotFound when it is not
// tracked.
func (t *Tracker) Get(ctx context.Context, id string) (*conversation.Conversation, error) {
	if err := outside(ctx); err != nil {
		return nil, err
	}
	records, err := t.store.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if records[0].Conversation == nil {
		return nil, fmt.Errorf("conversation %q: %w", id, store.ErrNotFound)
	}
	return records[0].Conversation, nil
}

// List returns the conversations that the query selects, page by page. No
// connection is held while the loop's body runs. It ends after an error.
// What an agent has now, and what waits in a queue:
//
//	tracker.List(ctx, store.Query{PresentUserID: agent, Order: store.LastChanged})
//	tracker.List(ctx, store.Query{PresentQueueID: queue, Media: []conversation.MediaType{conversation.MediaVoice}})
func (t *Tracker) List(ctx context.Context, q store.Query) iter.Seq2[*conversation.Conversation, error] {
	return paged(ctx, func(after string) ([]*conversation.Conversation, string, error) {
		if after != "" {
			q.After = after
		}
		page, err := t.store.List(ctx, q)
		return page.Conversations, page.Next, err
	})
}

// Page returns one page of what the query selects, and in Next the cursor of the
// page after it, for [store.Query.After]: what a page of a web application needs.
// A cursor that is not one of this listing is [store.ErrCursor].
func (t *Tracker) Page(ctx context.Context, q store.Query) (store.Page, error) {
	if err := outside(ctx); err != nil {
		return store.Page{}, err
	}
	return t.store.List(ctx, q)
}

// Count returns how many conversations the query selects, over all pages.
func (t *Tracker) Count(ctx context.Context, q store.Query) (int, error) {
	if err := outside(ctx); err != nil {
		return 0, err
	}
	return t.store.Count(ctx, q)
}

// paged returns the items of all pages, one by one.
func paged[T any](ctx context.Context, page func(after string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := outside(ctx); err != nil {
			yield(none, err)
			return
		}
		for after := ""; ; {
			items, next, err := page(after)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if after = next; after == "" {
				return
			}
		}
	}
}

// Open returns the conversations that have not ended, the most recently
// changed first. It ends after an error. For some of them, by medium, queue,
// agent and so on, use List with [store.Query.Open].
func (t *Tracker) Open(ctx context.Context) iter.Seq2[*conversation.Conversation, error] {
	return t.List(ctx, store.Query{Open: true, Order: store.LastChanged, Limit: store.MostLimit})
}

// Ended returns the conversations whose end lies in the given time, from
// included, before not. It ends after an error.
func (t *Tracker) Ended(ctx context.Context, from, before time.Time) iter.Seq2[*conversation.Conversation, error] {
	return t.List(ctx, store.Query{EndedFrom: from, EndedBefore: before, Limit: store.MostLimit})
}

// Events returns what was announced of a conversation, in order, with the
// deliveries to After hooks that are not done; store.ErrNotFound when it is
// not tracked.
func (t *Tracker) Events(ctx context.Context, conversationID string) ([]store.LoggedEvent, error) {
	if err := outside(ctx); err != nil {
		return nil, err
	}
	return t.store.Events(ctx, conversationID)
}
