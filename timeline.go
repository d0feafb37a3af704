package convtrack

import (
	"context"
	"encoding/json"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

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
