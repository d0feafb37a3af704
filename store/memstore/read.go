package memstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
)

// item is an element of a listing with its place in it.
type item[T any] struct {
	key int64
	id  string
	of  T
}

// page cuts a page out of the items.
func page[T any](items []item[T], listing, after string, limit int) ([]T, string, error) {
	place, begun, ok := cursor.Parse(listing, after)
	if !ok {
		return nil, "", fmt.Errorf("%w: %q", store.ErrCursor, after)
	}
	slices.SortFunc(items, func(a, b item[T]) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
	var out []T
	limit = store.PageSize(limit)
	for _, x := range items {
		if begun && cmp.Or(cmp.Compare(x.key, place.Key), cmp.Compare(x.id, place.ID)) <= 0 {
			continue
		}
		if len(out) == limit {
			return out, place.String(), nil
		}
		out = append(out, x.of)
		place = cursor.Place{Listing: listing, Key: x.key, ID: x.id}
	}
	return out, "", nil
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := s.begin(ctx); err != nil {
		return store.Page{}, err
	}
	defer s.mu.Unlock()
	var items []item[*conversation.Conversation]
	for id, e := range s.entries {
		if c := e.record.Conversation; c != nil && q.Selects(c, e.changedAt) {
			items = append(items, item[*conversation.Conversation]{e.orderKey(q.Order), id, c})
		}
	}
	list, next, err := page(items, fmt.Sprint("conversations", q.Order), q.After, q.Limit)
	return store.Page{Conversations: list, Next: next}, err
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, q store.Query) (int, error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.entries {
		if c := e.record.Conversation; c != nil && q.Selects(c, e.changedAt) {
			n++
		}
	}
	return n, nil
}

func (e *entry) orderKey(o store.Order) int64 {
	start := e.record.Conversation.Start
	switch {
	case o == store.LastChanged:
		return -e.changed
	case start.IsZero():
		return math.MaxInt64
	case o == store.NewestFirst:
		return -start.UnixMicro()
	}
	return start.UnixMicro()
}

// Backlog implements store.Store.
func (s *Store) Backlog(ctx context.Context) (map[string]int, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	backlog := map[string]int{}
	for _, d := range s.outbox.byID {
		backlog[d.lane.hook]++
	}
	return backlog, nil
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, conversationID string) ([]store.LoggedEvent, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	e := s.entries[conversationID]
	if e == nil {
		return nil, fmt.Errorf("conversation %q: %w", conversationID, store.ErrNotFound)
	}
	log := make([]store.LoggedEvent, 0, len(e.log))
	for _, event := range e.log {
		logged := store.LoggedEvent{Event: copyEvent(event)}
		for hook := range e.lanes {
			if d := s.outbox.byID[store.DeliveryID(event.ID, hook)]; d != nil {
				logged.Deliveries = append(logged.Deliveries, store.LoggedDelivery{Hook: hook, State: d.state,
					Attempts: d.failure.Attempts, Error: d.failure.Error, Stack: d.failure.Stack})
			}
		}
		for _, hook := range e.skipped[event.ID] {
			logged.Deliveries = append(logged.Deliveries, store.LoggedDelivery{Hook: hook, State: store.StateSkipped})
		}
		slices.SortFunc(logged.Deliveries, func(a, b store.LoggedDelivery) int { return cmp.Compare(a.Hook, b.Hook) })
		log = append(log, logged)
	}
	return log, nil
}

// Failed implements store.Store.
func (s *Store) Failed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	if err := s.begin(ctx); err != nil {
		return store.FailedPage{}, err
	}
	defer s.mu.Unlock()
	var items []item[store.FailedItem]
	add := func(p store.FailedItem) {
		if q.Selects(&p) {
			items = append(items, item[store.FailedItem]{p.At.UnixMicro(), p.ID, p})
		}
	}
	for id, d := range s.outbox.byID {
		if d.state == store.StateFailed {
			add(store.FailedItem{ID: id, Kind: store.FailedDelivery, ConversationID: d.event.ConversationID, Event: copyEvent(d.event), Failure: d.failure})
		}
	}
	for id, e := range s.entries {
		if r := e.record.Refused; r != nil && !r.Undecided() {
			add(store.FailedItem{ID: store.ChangeID(id), Kind: store.FailedChange, ConversationID: id,
				Event: store.Event{ID: r.EventID, ConversationID: id, Type: r.Type}, Failure: r.Failure, Since: r.Since, Next: r.Next})
		}
	}
	list, next, err := page(items, "failed", q.After, q.Limit)
	return store.FailedPage{Items: list, Next: next}, err
}
