package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// epoch is the time at which everything in the suite begins. It has
// microseconds, for the stores that lose them.
var epoch = time.Date(2025, 1, 10, 9, 0, 0, 123456000, time.UTC)

// at is a time of the suite, by seconds.
func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// partial is what a record of the REST API says about a conversation; fill
// states the facts.
func partial(id string, fill ...func(*conversation.Conversation)) *conversation.Conversation {
	return partialBy(conversation.SourceREST, at(100), id, fill...)
}

// partialBy is what a source says at a time of its own.
func partialBy(by conversation.Source, when time.Time, id string, fill ...func(*conversation.Conversation)) *conversation.Conversation {
	c := &conversation.Conversation{ID: id}
	for _, f := range fill {
		f(c)
	}
	return conversation.State(c, conversation.Statement{By: by, At: when, Seen: when})
}

// begun states the start.
func begun(start time.Time) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) { c.Start = start }
}

// tagged states the external tag.
func tagged(tag string) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) { c.ExternalTag = tag }
}

// call states a call of a customer that an agent has answered.
func call(c *conversation.Conversation) {
	c.Start = at(0)
	c.OriginatingDirection = conversation.Inbound
	c.Participants = []*conversation.Participant{
		{ID: c.ID + "-customer", Purpose: conversation.PurposeCustomer, Name: "A. Caller", ANI: "tel:+31612345678", Start: at(0),
			Attributes: map[string]string{"case": "4711"},
			Sessions: []*conversation.Session{{ID: c.ID + "-line", MediaType: conversation.MediaVoice, Direction: conversation.Inbound,
				State: conversation.StateConnected, Start: at(0), ConnectedTime: at(0)}}},
		{ID: c.ID + "-agent", Purpose: conversation.PurposeAgent, UserID: "agent-1", QueueID: "queue-1", Start: at(20),
			Sessions: []*conversation.Session{{ID: c.ID + "-leg", MediaType: conversation.MediaVoice, Direction: conversation.Inbound,
				State: conversation.StateConnected, QueueID: "queue-1", Start: at(20), ConnectedTime: at(28),
				Segments: []*conversation.Segment{
					{Type: conversation.SegmentAlert, Start: at(20), End: at(28), QueueID: "queue-1"},
					{Type: conversation.SegmentInteract, Start: at(28), QueueID: "queue-1"},
				},
				Metrics: []conversation.Metric{
					{Name: "tAnswered", EmitDate: at(28), Value: 8000},
					{Name: "nConnected", EmitDate: at(28), Value: 1},
				}}}},
	}
}

// merged is the join of what is said.
func merged(parts ...*conversation.Conversation) *conversation.Conversation {
	var c *conversation.Conversation
	for _, s := range parts {
		c = conversation.Merge(c, s)
	}
	return c
}

// created is the first version of a call, with events to log.
func created(id string, events ...store.NewEvent) *store.Change {
	return &store.Change{ID: id, To: merged(partial(id, call)), Events: events}
}

// createdAs is the first version of a conversation of which this is said.
func createdAs(parts ...*conversation.Conversation) *store.Change {
	return &store.Change{ID: parts[0].ID, To: merged(parts...)}
}

// next is the version after the record, once this is said too. What waits
// stays as it is.
func next(r store.Record, parts ...*conversation.Conversation) *store.Change {
	to := r.Conversation
	for _, s := range parts {
		to = conversation.Merge(to, s)
	}
	return &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: to, Pending: r.Pending, Refused: r.Refused}
}

// event is an event of a conversation, to be delivered to the hooks.
func event(conversationID string, seq int64, hooks ...string) store.NewEvent {
	return eventFor(conversationID, seq, false, hooks...)
}

// claimedEvent is an event whose deliveries the committer takes at once.
func claimedEvent(conversationID string, seq int64, hooks ...string) store.NewEvent {
	return eventFor(conversationID, seq, true, hooks...)
}

func eventFor(conversationID string, seq int64, claimed bool, hooks ...string) store.NewEvent {
	data, err := json.Marshal(map[string]any{"conversation": conversationID, "seq": seq})
	if err != nil {
		panic("storetest: " + err.Error()) // two plain values
	}
	e := store.NewEvent{Event: store.Event{ID: eventID(conversationID, seq), ConversationID: conversationID, Seq: seq, Type: "agent.connected",
		Time: at(int(seq)), Rule: "an agent answered", Data: data}}
	for _, hook := range hooks {
		e.Deliveries = append(e.Deliveries, store.NewDelivery{Hook: hook, Claimed: claimed})
	}
	return e
}

func eventID(conversationID string, seq int64) string {
	return fmt.Sprintf("%s.%d", conversationID, seq)
}

// laneOf creates a conversation with so many events for each of the hooks.
func (t *trial) laneOf(id string, n int64, hooks ...string) {
	t.Helper()
	var events []store.NewEvent
	for seq := range n {
		events = append(events, event(id, seq+1, hooks...))
	}
	t.write(created(id, events...))
}

// heldLanes creates so many conversations with so many events each, whose deliveries
// to the hook "hook" are held by "me" from their commit on.
func (t *trial) heldLanes(conversations, each int) (held []store.Delivery) {
	t.Helper()
	for i := range conversations {
		id := fmt.Sprintf("c-%d", i)
		var list []store.NewEvent
		for seq := range each {
			list = append(list, claimedEvent(id, int64(seq)+1, "hook"))
			held = append(held, store.Delivery{Event: list[seq].Event, Hook: "hook"})
		}
		t.writeAs("me", created(id, list...))
	}
	return held
}

// did is an outcome of a delivery that the owner holds.
func did(owner string, d store.Delivery, what store.Did) store.Outcome {
	o := d.Outcome(owner, what)
	if what == store.WillRetry || what == store.Failed {
		o.Failure = store.Failure{Hook: d.Hook, EventID: d.ID, Type: d.Type, Attempts: d.Attempts + 1,
			Error: fmt.Sprintf("try %d failed", d.Attempts+1), At: at(int(d.Seq))}
	}
	return o
}

// keysOf names the deliveries.
func keysOf(deliveries []store.Delivery) []store.DeliveryKey {
	list := make([]store.DeliveryKey, len(deliveries))
	for i := range deliveries {
		list[i] = deliveries[i].Key()
	}
	return list
}

// renew begins the leases of the deliveries anew.
func (t *trial) renew(owner string, lease time.Duration, held ...store.Delivery) {
	t.Helper()
	t.ok("Renew", t.store.Renew(t.ctx, owner, lease, keysOf(held)))
}

// failHead creates a conversation with so many events for the hook, and fails
// the first delivery. It returns the id of what has failed.
func (t *trial) failHead(id string, n int64, hook string) string {
	t.Helper()
	t.laneOf(id, n, hook)
	t.settle(did("failer", t.only(t.claim("failer", 1, hook)), store.Failed))
	return store.DeliveryID(eventID(id, 1), hook)
}

// only returns the delivery that must be the only one.
func (t *trial) only(due []store.Delivery) store.Delivery {
	t.Helper()
	if len(due) != 1 {
		t.Fatalf("there are %d deliveries, and must be one", len(due))
	}
	return due[0]
}
