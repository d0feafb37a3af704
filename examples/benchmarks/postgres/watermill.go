package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
)

// byWatermill publishes a message for each notification and handles it.
func byWatermill() variant {
	return variant{name: "watermill", with: fmt.Sprint(producers, " producers"), counts: "events", open: func(ctx context.Context, s *server, _ *options) (round, error) {
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		pool, err := x.pool(ctx, producers+4)
		if err != nil {
			return nil, err
		}
		db := wsql.BeginnerFromPgx(pool)
		quiet := watermill.NopLogger{}
		publisher, err := wsql.NewPublisher(db, wsql.PublisherConfig{SchemaAdapter: wsql.DefaultPostgreSQLSchema{}}, quiet)
		if err != nil {
			return nil, err
		}
		traffic := newTraffic(live)
		rounds := 0
		return func(ctx context.Context, d time.Duration) (t tally, err error) {
			rounds++
			topic := fmt.Sprint("notifications", rounds) // empty, as the tables of the others are
			subscriber, err := wsql.NewSubscriber(db, wsql.SubscriberConfig{SchemaAdapter: wsql.DefaultPostgreSQLSchema{}, OffsetsAdapter: wsql.DefaultPostgreSQLOffsetsAdapter{},
				ConsumerGroup: "handler", PollInterval: 10 * time.Millisecond}, quiet)
			if err != nil {
				return t, err
			}
			if err := subscriber.SubscribeInitialize(topic); err != nil {
				return t, err
			}
			messages, err := subscriber.Subscribe(ctx, topic)
			if err != nil {
				return t, errors.Join(err, subscriber.Close())
			}
			var handled atomic.Int64
			ended := make(chan error, 1)
			go func() { ended <- handleAll(messages, &handled) }()
			defer func() { err = errors.Join(err, subscriber.Close(), <-ended) }()
			return throughQueue(ctx, traffic, d, &handled, func(ctx context.Context, data []byte) error {
				m := message.NewMessage(watermill.NewUUID(), data)
				m.SetContext(ctx)
				return publisher.Publish(topic, m)
			})
		}, nil
	}}
}

// handleAll decodes each notification and does nothing with it.
func handleAll(messages <-chan *message.Message, handled *atomic.Int64) (failed error) {
	for m := range messages {
		var n notification
		if err := json.Unmarshal(m.Payload, &n); err != nil {
			failed = err
		}
		handled.Add(1)
		m.Ack()
	}
	return failed
}
