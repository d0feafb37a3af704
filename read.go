package convtrack

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
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
	return paged(ctx, q.After, func(after string) ([]*conversation.Conversation, string, error) {
		q := q
		q.After = after
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

// paged returns the items of all pages from a cursor on, one by one, each time that it
// is ranged over.
func paged[T any](ctx context.Context, first string, page func(after string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := outside(ctx); err != nil {
			yield(none, err)
			return
		}
		for after := first; ; {
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

// Find returns the ids of the conversations that a person took part in, in the
// order of the ids, page by page: also of those that a hook refused, and in
// whatever role. Of several fields of the person each selects by itself. A search
// may read the whole store for each page of a thousand; it holds no connection while
// the loop's body runs. It ends after an error.
func (t *Tracker) Find(ctx context.Context, person conversation.Person) iter.Seq2[string, error] {
	return paged(ctx, "", func(after string) ([]string, string, error) {
		page, err := t.store.Find(ctx, store.PersonQuery{Person: person, After: after, Limit: store.MostLimit})
		return page.IDs, page.Next, err
	})
}

// Announcement is an event that was announced of a conversation, with what became
// of it. As JSON it reads as a line of a timeline:
//
//	{"seq":3,"time":"2025-01-10T09:00:20Z","type":"agent.connected","id":"…","data":{"participantId":"…",…},"deliveries":[…]}
type Announcement struct {
	// Event is the event as it was announced, typed; its Conversation is as it is
	// stored now. It is nil where this process does not know the type: another
	// one has defined it, or is newer. Logged has it in any case.
	Event  events.Event
	Logged store.LoggedEvent
}

// MarshalJSON implements json.Marshaler.
func (a Announcement) MarshalJSON() ([]byte, error) {
	type delivery struct {
		Hook     string              `json:"hook"`
		State    store.DeliveryState `json:"state"`
		Attempts int                 `json:"attempts,omitzero"`
		Error    string              `json:"error,omitzero"`
		Stack    string              `json:"stack,omitzero"`
	}
	line := struct {
		Seq        int64           `json:"seq"`
		Time       time.Time       `json:"time,omitzero"`
		Type       string          `json:"type"`
		ID         string          `json:"id"`
		Data       json.RawMessage `json:"data"`
		Vetoed     bool            `json:"vetoed,omitzero"`
		Deliveries []delivery      `json:"deliveries,omitzero"`
	}{Seq: a.Logged.Seq, Time: a.Logged.Time, Type: a.Logged.Type, ID: a.Logged.ID, Data: a.Logged.Data, Vetoed: a.Logged.Vetoed}
	for _, d := range a.Logged.Deliveries {
		line.Deliveries = append(line.Deliveries, delivery(d))
	}
	return json.Marshal(line)
}

// Timeline returns what was announced of a conversation, in order, each event of
// its type; store.ErrNotFound when it is not tracked. It is Events, decoded.
func (t *Tracker) Timeline(ctx context.Context, conversationID string) ([]Announcement, error) {
	if err := outside(ctx); err != nil {
		return nil, err
	}
	logged, err := t.store.Events(ctx, conversationID)
	if err != nil {
		return nil, err
	}
	records, err := t.store.Load(ctx, conversationID)
	if err != nil {
		return nil, err
	}
	timeline := make([]Announcement, len(logged))
	for i, l := range logged {
		timeline[i] = Announcement{Event: t.typed(l.Event, records[0].Conversation), Logged: l}
	}
	return timeline, nil
}

// typed returns a logged event as what it was announced; nil when its type is not
// known here.
func (t *Tracker) typed(l store.Event, c *conversation.Conversation) events.Event {
	e, err := t.config.Hooks.Decode(events.Header{ID: l.ID, Type: events.Type(l.Type), Time: l.Time, ConversationID: l.ConversationID, Conversation: c}, l.Data)
	if err != nil {
		return nil
	}
	return e
}
