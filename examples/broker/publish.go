package main

import (
	"context"
	"math"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/dcmkit/convtrack/events"
)

// source names this installation in CloudEvents. With it the id of an event is
// unique in the whole company.
const source = "https://dcm.example.com/convtrack"

// The metadata of a message. contentType is what the bindings of CloudEvents to
// NATS and Kafka call it; conversationID keeps a conversation in one partition.
const (
	contentType    = "content-type"
	conversationID = "conversationId"
)

// Publish registers an After hook that publishes each Common Event. The message
// has the event's id, which is the same however often the event is published:
// the hook runs at least once, so a process that dies in the middle publishes
// again, and the broker or the subscriber drops what it knows. Within a
// conversation the messages are in order. A broker that is away is tried for
// ever: nothing is given up, and the events wait in the store.
func Publish(hooks *events.Hooks, name string, to message.Publisher, topic string) {
	events.After(hooks, name, func(ctx context.Context, e events.Event) error {
		body, err := events.CloudEvent(e, source)
		if err != nil {
			return err
		}
		m := message.NewMessageWithContext(ctx, e.Head().ID, body)
		m.Metadata.Set(contentType, "application/cloudevents+json")
		m.Metadata.Set(conversationID, e.Head().ConversationID)
		return to.Publish(topic, m)
	}, events.Attempts(math.MaxInt), events.Backoff(events.Exponential(100*time.Millisecond, 30*time.Second)))
}
