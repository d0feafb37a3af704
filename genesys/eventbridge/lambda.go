package eventbridge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/host"
)

// Lambda returns the handler of an AWS Lambda function that SQS triggers. It
// takes the event and returns the answer as JSON, so that no package of AWS is
// needed here:
//
//	lambda.Start(handler{eventbridge.Lambda(tracker.Observe, logger)})
//
// where handler is a lambda.Handler of aws-lambda-go: its Invoke has this
// signature. The
// messages that are not stored, or not understood, are returned as
// batchItemFailures: the trigger must have ReportBatchItemFailures on, else
// those are deleted with the others. It fails, and the whole batch comes again,
// only when the event is not one of SQS. A nil logger is slog.Default().
func Lambda(sink conversation.Sink, logger *slog.Logger) func(ctx context.Context, event []byte) ([]byte, error) {
	logger = host.Logger(logger)
	return func(ctx context.Context, event []byte) ([]byte, error) {
		var in lambdaEvent
		if err := json.Unmarshal(event, &in); err != nil || len(in.Records) == 0 {
			return nil, errNotSQS // the JSON decoder's error may quote the event
		}
		answer := lambdaAnswer{Failures: []lambdaFailure{}}
		var messages []*observation
		var ids []string
		now := time.Now()
		for _, r := range in.Records {
			if r.MessageID == "" {
				return nil, errNotSQS
			}
			facts, whole, err := understand([]byte(r.Body), now)
			if err != nil {
				logger.Error("a message is not understood, or not all of it", "message", r.MessageID, "left_to_the_dead_letter_queue", whole, "reason", err)
			}
			if whole {
				answer.fail(r.MessageID)
			}
			if whole && len(facts) == 0 {
				continue
			}
			messages, ids = append(messages, &observation{facts: facts, trace: r.Attributes.TraceHeader}), append(ids, r.MessageID)
		}
		observe(ctx, sink, messages)
		for i, m := range messages {
			if !m.stored {
				logger.Warn("what a message says cannot be stored now", "message", ids[i], "reason", m.err)
				answer.fail(ids[i])
			}
		}
		return json.Marshal(answer)
	}
}

// errNotSQS: nobody can say which of its messages to try again.
var errNotSQS = errors.New("eventbridge: the event is not one of an SQS trigger: it has no Records with a messageId and a body")

type lambdaEvent struct {
	Records []struct {
		MessageID  string `json:"messageId"`
		Body       string `json:"body"`
		Attributes struct {
			TraceHeader string `json:"AWSTraceHeader"`
		} `json:"attributes"`
	}
}

type lambdaAnswer struct {
	Failures []lambdaFailure `json:"batchItemFailures"`
}

type lambdaFailure struct {
	ID string `json:"itemIdentifier"`
}

// fail adds a message, once.
func (a *lambdaAnswer) fail(id string) {
	for _, f := range a.Failures {
		if f.ID == id {
			return
		}
	}
	a.Failures = append(a.Failures, lambdaFailure{id})
}
