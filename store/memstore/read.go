package memstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

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
		if c := e.record.Conversation; c != nil && matches(c, &q) {
			items = append(items, item[*conversation.Conversation]{e.orderKey(q.Order), id, c})
		}
	}
	list, next, err := page(items, fmt.Sprint("conversations", q.Order), q.After, q.Limit)
	return store.Page{Conversations: list, Next: next}, err
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

func matches(c *conversation.Conversation, q *store.Query) bool {
	if len(q.Status) > 0 && !slices.Contains(q.Status, c.Status) {
		return false
	}
	if !between(c.Start, q.StartedFrom, q.StartedBefore) || !between(c.End, q.EndedFrom, q.EndedBefore) {
		return false
	}
	for name, value := range q.Attribute {
		if got, ok := c.Attributes[name]; !ok || got != value {
			return false
		}
	}
	return (q.UserID == "" || slices.ContainsFunc(c.Participants, func(p *conversation.Participant) bool { return p.UserID == q.UserID })) &&
		(q.QueueID == "" || slices.ContainsFunc(c.Participants, func(p *conversation.Participant) bool { return throughQueue(p, q.QueueID) }))
}

func throughQueue(p *conversation.Participant, id string) bool {
	return p.QueueID == id || slices.ContainsFunc(p.Sessions, func(s *conversation.Session) bool { return s.QueueID == id })
}

// between reports whether t lies in the interval; an unknown time does only
// when there is none.
func between(t, from, before time.Time) bool {
	if from.IsZero() && before.IsZero() {
		return true
	}
	return !t.IsZero() && !t.Before(from) && (before.IsZero() || t.Before(before))
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
					Attempts: d.failure.Attempts, Error: d.failure.Error})
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
		if (q.Hook == "" || q.Hook == p.Hook) && (q.ConversationID == "" || q.ConversationID == p.ConversationID) {
			items = append(items, item[store.FailedItem]{p.At.UnixMicro(), p.ID, p})
		}
	}
	for id, d := range s.outbox.byID {
		if d.state == store.StateFailed {
			add(store.FailedItem{ID: id, Kind: store.FailedDelivery, ConversationID: d.event.ConversationID, Event: copyEvent(d.event), Failure: d.failure})
		}
	}
	for id, e := range s.entries {
		if r := e.record.Refused; r != nil {
			add(store.FailedItem{ID: store.ChangeID(id), Kind: store.FailedChange, ConversationID: id,
				Event: store.Event{ID: r.EventID, ConversationID: id, Type: r.Type}, Failure: r.Failure})
		}
	}
	list, next, err := page(items, "failed", q.After, q.Limit)
	return store.FailedPage{Items: list, Next: next}, err
}
