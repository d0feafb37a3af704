package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsqs "github.com/ThreeDotsLabs/watermill-aws/sqs"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// handling is what a handler of Watermill does with a message. end returns when
// all that follows from it is done.
type handling struct {
	handle func(ctx context.Context, body []byte) error
	end    func(context.Context) error
}

// byWatermillSQS is Watermill's subscriber: so many subscriptions, which take so
// many messages at a time. It waits for each message until it is handled, and
// deletes it then.
func byWatermillSQS(name, with string, subscriptions, atATime int, by func(context.Context, *server) (handling, error)) variant {
	return variant{name: name, with: with, counts: "events", open: func(ctx context.Context, s *server, o *options) (round, error) {
		e, err := newEmulator(s, o)
		if err != nil {
			return nil, err
		}
		h, err := by(ctx, s)
		if err != nil {
			return nil, err
		}
		var deletes atomic.Int64
		subscriber, err := wsqs.NewSubscriber(wsqs.SubscriberConfig{
			AWSConfig: e.config(), QueueUrlResolver: wsqs.TransparentUrlResolver{}, DoNotCreateQueueIfNotExists: true,
			GenerateReceiveMessageInput: func(_ context.Context, queue wsqs.QueueURL) (*sqs.ReceiveMessageInput, error) {
				url := string(queue)
				return &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: int32(atATime), WaitTimeSeconds: 20}, nil
			},
		}, watermill.NopLogger{})
		if err != nil {
			return nil, err
		}
		var all sync.WaitGroup
		failed := make(chan error, subscriptions)
		for range subscriptions {
			messages, err := subscriber.Subscribe(ctx, e.Queue)
			if err != nil {
				return nil, errors.Join(err, subscriber.Close())
			}
			all.Go(func() { failed <- handleSQS(messages, h.handle, &deletes) })
		}
		s.later(func(context.Context) error {
			err := subscriber.Close()
			all.Wait()
			close(failed)
			for one := range failed {
				err = errors.Join(err, one)
			}
			return err
		})
		return e.through(deletes.Load, h.end), nil
	}}
}

// handleSQS handles messages. One counts when it is acknowledged: it is deleted
// a moment later.
func handleSQS(messages <-chan *message.Message, handle func(context.Context, []byte) error, handled *atomic.Int64) (failed error) {
	for m := range messages {
		if err := handle(m.Context(), m.Payload); err != nil {
			failed = errors.Join(failed, err)
			m.Nack()
			continue
		}
		m.Ack()
		handled.Add(1)
	}
	return failed
}

// savedByGORM handles as the consumer by hand does.
func savedByGORM(ctx context.Context, s *server) (handling, error) {
	db, err := openGORM(ctx, s)
	return handling{handle: func(ctx context.Context, body []byte) error { return saveEnvelope(db.WithContext(ctx), body) }}, err
}

// observedByTracker hands the facts to a tracker.
func observedByTracker(ctx context.Context, s *server) (handling, error) {
	f, err := trackerAlone(ctx, s)
	if err != nil {
		return handling{}, err
	}
	f.run(ctx, s)
	return handling{end: f.settle, handle: func(ctx context.Context, body []byte) error {
		m, err := genesys.DecodeDelivered(body, time.Now())
		if err != nil {
			return err
		}
		return f.trackers[0].Observe(ctx, conversation.Update{Conversations: m.Conversations})
	}}, nil
}
