package eventbridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
)

// trigger is the event of an SQS trigger.
func trigger(t *testing.T, bodies ...string) []byte {
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{"messageId": fmt.Sprint("m-", i), "receiptHandle": "r", "body": body, "eventSource": "aws:sqs", "attributes": map[string]string{}})
	}
	event, err := json.Marshal(map[string]any{"Records": records})
	require.NoError(t, err)
	return event
}

// A10: one bad record must not repeat the batch.
func TestALambdaReportsWhatItCouldNotDo(t *testing.T) {
	var log journal
	var b books
	do := eventbridge.Lambda(b.sink, slog.New(slog.NewTextHandler(&log, nil)))
	answer, err := do(t.Context(), trigger(t, string(envelope("c-1")), "secret content", string(envelope("c-2"))))
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[{"itemIdentifier":"m-1"}]}`, string(answer))
	require.Equal(t, map[string]int{"c-1": 1, "c-2": 1}, b.facts)
	require.NotContains(t, log.String(), "secret content")
	require.Contains(t, log.String(), "m-1")

	answer, err = do(t.Context(), trigger(t, string(envelope("c-1"))))
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[]}`, string(answer), "all is done; null would fail the batch")
}

func TestALambdaReportsWhatIsNotStored(t *testing.T) {
	do := eventbridge.Lambda((&books{fails: func(list []*conversation.Conversation) error {
		for _, c := range list {
			if c.ID == "c-2" {
				return errDown
			}
		}
		return nil
	}}).sink, slog.New(slog.DiscardHandler))
	answer, err := do(t.Context(), trigger(t, string(envelope("c-1")), string(envelope("c-2")), string(envelope("c-3"))))
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[{"itemIdentifier":"m-1"}]}`, string(answer))

	do = eventbridge.Lambda(func(context.Context, conversation.Update) error { panic(errors.New("secret content")) }, slog.New(slog.DiscardHandler))
	answer, err = do(t.Context(), trigger(t, string(envelope("c-1"))))
	require.NoError(t, err)
	require.JSONEq(t, `{"batchItemFailures":[{"itemIdentifier":"m-0"}]}`, string(answer))
}

func TestALambdaRefusesWhatIsNoEventOfSQS(t *testing.T) {
	do := eventbridge.Lambda((&books{}).sink, nil)
	for _, event := range []string{``, `null`, `{}`, `{"Records":[]}`, `{"Records":[{"body":"{}"}]}`, `secret content`, `{"Records":[{"messageId":3}]}`} {
		_, err := do(t.Context(), []byte(event))
		require.ErrorContains(t, err, "SQS", event)
		require.NotContains(t, err.Error(), "secret content")
	}
}
