package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gorm.io/gorm"
)

// consumedByGORM is what somebody writes by hand: so many goroutines that each
// receive ten messages at a time, write the graph of each with a row of an outbox
// in a transaction, and delete the ten.
func consumedByGORM() variant {
	return variant{name: "gorm-sqs", with: fmt.Sprint(producers, " receivers of 10"), counts: "events", open: func(ctx context.Context, s *server, o *options) (round, error) {
		e, err := newEmulator(s, o)
		if err != nil {
			return nil, err
		}
		db, err := openGORM(ctx, s)
		if err != nil {
			return nil, err
		}
		var deleted atomic.Int64
		receive(ctx, s, e, func(ctx context.Context, bodies []string) error {
			for _, body := range bodies {
				if err := saveEnvelope(db.WithContext(ctx), []byte(body)); err != nil {
					return err
				}
			}
			return nil
		}, &deleted)
		return e.through(deleted.Load, nil), nil
	}}
}

// saveEnvelope writes the graph of an envelope's notification, and again when
// somebody else was faster.
func saveEnvelope(db *gorm.DB, body []byte) error {
	var e struct {
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	err := saveGraph(db, e.Detail, true)
	for tries := 1; err != nil && tries < 5 && db.Statement.Context.Err() == nil; tries++ {
		err = saveGraph(db, e.Detail, true)
	}
	return err
}

// drained receives and deletes and does nothing else: what the emulator takes.
func drained() variant {
	return variant{name: "emulator", with: fmt.Sprint(producers, " receivers of 10"), counts: "messages", open: func(ctx context.Context, s *server, o *options) (round, error) {
		e, err := newEmulator(s, o)
		if err != nil {
			return nil, err
		}
		var deleted atomic.Int64
		receive(ctx, s, e, func(context.Context, []string) error { return nil }, &deleted)
		return e.through(deleted.Load, nil), nil
	}}
}

// receive lets goroutines receive, handle and delete until the server is cleared.
func receive(ctx context.Context, s *server, e *emulator, handle func(context.Context, []string) error, deleted *atomic.Int64) {
	ctx, stop := context.WithCancelCause(ctx)
	client := e.client()
	var all sync.WaitGroup
	for range producers {
		all.Go(func() {
			for ctx.Err() == nil {
				n, err := receiveOnce(ctx, client, e.Queue, handle)
				if err != nil {
					stop(err)
				}
				deleted.Add(int64(n))
			}
		})
	}
	s.later(func(context.Context) error {
		cause := context.Cause(ctx) // nil: none of them has failed
		stop(nil)
		all.Wait()
		return cause
	})
}

func receiveOnce(ctx context.Context, client *sqs.Client, queue string, handle func(context.Context, []string) error) (n int, err error) {
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) == 0 {
		return 0, ignoreEnd(ctx, err)
	}
	var bodies []string
	var entries []types.DeleteMessageBatchRequestEntry
	for i, m := range out.Messages {
		bodies = append(bodies, *m.Body)
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
	}
	if err := handle(ctx, bodies); err != nil {
		return 0, ignoreEnd(ctx, err)
	}
	done, err := client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &queue, Entries: entries})
	if err != nil {
		return 0, ignoreEnd(ctx, err)
	}
	return len(done.Successful), nil
}

// ignoreEnd returns the error unless the context has ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
