package eventbridge_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/eventbridge/fauxqstest"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// service is an SQS in real time: the simulator, or one that others wrote.
type service struct {
	name   string
	client func(t *testing.T) *sqs.Client
	// create makes a queue with a visibility of 2 s and, when dead is not empty,
	// with that as its dead-letter queue after two receives.
	create func(t *testing.T, name, dead string) (url string)
}

// services are all that the consumer has to work with.
func services(t *testing.T) []service {
	simulator := genesystest.NewSQS(t, genesystest.SQSConfig{})
	var mu sync.Mutex
	queues := map[string]*genesystest.SQSQueue{}
	endpoint := fauxqstest.New(t).Endpoint
	return []service{{
		"the simulator",
		func(*testing.T) *sqs.Client { return clientOf(simulator.URL(), simulator.HTTPClient()) },
		func(_ *testing.T, name, dead string) string {
			mu.Lock()
			defer mu.Unlock()
			queues[name] = simulator.Queue(name, genesystest.QueueAttributes{Visibility: 2 * time.Second, DeadLetter: queues[dead], MaxReceiveCount: 2})
			return queues[name].URL()
		},
	}, {
		"fauxqs " + fauxqstest.Version,
		func(t *testing.T) *sqs.Client {
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			return clientOf(endpoint, &http.Client{Transport: transport})
		},
		func(t *testing.T, name, dead string) string {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			attributes := map[string]string{"VisibilityTimeout": "2"}
			if dead != "" {
				attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, fauxqstest.ARN(dead))
			}
			out, err := clientOf(endpoint, &http.Client{Transport: transport}).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
			require.NoError(t, err)
			return *out.QueueUrl
		},
	}}
}

// TestEverySQSIsReadInTheSameWay holds the simulator and the emulator to the
// same, through the real SDK and a real socket.
func TestEverySQSIsReadInTheSameWay(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			for name, holds := range map[string]func(*testing.T){
				"all is stored and deleted, what is not understood goes to the dead-letter queue": s.reads,
				"a slow store makes nothing come again":                                           s.prolongs,
				"what a stop holds is given back at once":                                         s.givesBack,
				"errors say what to do":                                                           s.refuses,
				"the calls themselves":                                                            s.answers,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					holds(t)
				})
			}
		})
	}
}

func (s service) source(t *testing.T, url string, visibility time.Duration) *eventbridge.Queue {
	q, err := eventbridge.NewQueue(s.client(t), url, &eventbridge.QueueConfig{Visibility: visibility, Wait: time.Second, Logger: quiet})
	require.NoError(t, err)
	return q
}

func (s service) send(t *testing.T, url string, bodies ...[]byte) {
	c := s.client(t)
	for i := 0; i < len(bodies); i += 10 {
		var entries []types.SendMessageBatchRequestEntry
		for k, body := range bodies[i:min(i+10, len(bodies))] {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(k)), MessageBody: aws.String(string(body))})
		}
		out, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
		require.NoError(t, err)
		require.Empty(t, out.Failed)
	}
}

// count returns how many messages are in a queue.
func (s service) count(t *testing.T, url string) (waiting, inFlight int) {
	out, err := s.client(t).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	require.NoError(t, err)
	waiting, err = strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	require.NoError(t, err)
	inFlight, err = strconv.Atoi(out.Attributes["ApproximateNumberOfMessagesNotVisible"])
	require.NoError(t, err)
	return waiting, inFlight
}

func (s service) reads(t *testing.T) {
	dead := s.create(t, "reads-dead", "")
	url := s.create(t, "reads", "reads-dead")
	s.send(t, url, append(messages(237), []byte("{"))...)
	var b books
	q := s.source(t, url, 6*time.Second)
	stop := run(t, q, b.sink)
	require.Eventually(t, func() bool {
		there, held := s.count(t, url)
		gone, _ := s.count(t, dead)
		return there == 0 && held == 0 && gone == 1
	}, 3*time.Minute, 50*time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, 237, b.stored())
	is := q.Stats()
	require.EqualValues(t, 237, is.Deleted)
	require.EqualValues(t, 2, is.NotUnderstood)
	require.False(t, is.LastHeard.IsZero())
}

func (s service) prolongs(t *testing.T) {
	url := s.create(t, "prolongs", "")
	s.send(t, url, messages(20)...)
	var one, two books
	one.takes, two.takes = 20*time.Second, 20*time.Second // longer than they are invisible
	first, second := s.source(t, url, 16*time.Second), s.source(t, url, 16*time.Second)
	stopFirst, stopSecond := run(t, first, one.sink), run(t, second, two.sink)
	require.Eventually(t, func() bool { return first.Stats().Deleted+second.Stats().Deleted == 20 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, stopFirst())
	require.NoError(t, stopSecond())
	require.Equal(t, 20, one.stored()+two.stored())
	require.EqualValues(t, 20, first.Stats().Received+second.Stats().Received, "each is received once")
}

func (s service) givesBack(t *testing.T) {
	url := s.create(t, "gives-back", "")
	s.send(t, url, messages(10)...)
	var stuck books
	stuck.takes = time.Hour
	q := s.source(t, url, 2*time.Second)
	stop := run(t, q, stuck.sink)
	require.Eventually(t, func() bool { return q.Stats().Held == 10 }, time.Minute, time.Millisecond)
	require.NoError(t, stop())
	waiting, held := s.count(t, url)
	require.Equal(t, []int{10, 0}, []int{waiting, held})
}

func (s service) refuses(t *testing.T) {
	url := s.create(t, "refuses", "")
	q := s.source(t, url+"-not", 2*time.Second)
	err := q.Run(t.Context(), (&books{}).sink)
	var failed *eventbridge.CallError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Permanent())
	require.ErrorContains(t, err, "no such queue")
}

// answers are what both services are to answer to calls that go wrong.
func (s service) answers(t *testing.T) {
	url := s.create(t, "answers", "")
	c := s.client(t)
	code := func(err error) string {
		var answer smithy.APIError
		require.ErrorAs(t, err, &answer)
		return answer.ErrorCode()
	}
	entry := func(id, receipt string) types.DeleteMessageBatchRequestEntry {
		return types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: &receipt}
	}
	_, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{entry("0", "x"), entry("0", "y")}})
	require.Contains(t, code(err), "BatchEntryIdsNotDistinct")
	_, err = c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{}})
	require.Contains(t, code(err), "EmptyBatchRequest")
	out, err := c.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("0"), ReceiptHandle: aws.String("x"), VisibilityTimeout: 5},
	}})
	require.NoError(t, err)
	require.Len(t, out.Failed, 1)
	require.Equal(t, "ReceiptHandleIsInvalid", *out.Failed[0].Code)

	// Who deletes by an old receipt is told that it is done.
	s.send(t, url, envelope("c-1"))
	receive := func() types.Message {
		var m types.Message
		require.Eventually(t, func() bool {
			got, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 1, VisibilityTimeout: 1,
				MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
			require.NoError(t, err)
			if len(got.Messages) > 0 {
				m = got.Messages[0]
			}
			return len(got.Messages) > 0
		}, time.Minute, time.Millisecond)
		return m
	}
	first, again := receive(), receive()
	require.Equal(t, *first.MessageId, *again.MessageId)
	require.NotEqual(t, *first.ReceiptHandle, *again.ReceiptHandle)
	require.Equal(t, "2", again.Attributes["ApproximateReceiveCount"])
	deleted, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{entry("0", *first.ReceiptHandle)}})
	require.NoError(t, err)
	require.Empty(t, deleted.Failed)
	third := receive()
	require.Equal(t, *first.MessageId, *third.MessageId)

	// A poll whose caller has gone takes messages all the same.
	_, err = c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: third.ReceiptHandle})
	require.NoError(t, err)
	written := make(chan struct{})
	ctx, cancel := context.WithCancel(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }}))
	var poll sync.WaitGroup
	poll.Go(func() {
		_, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20, VisibilityTimeout: 30}, func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
		if !errors.Is(err, context.Canceled) {
			slog.Error("the poll was not cut off", "error", err)
		}
	})
	<-written
	time.Sleep(time.Second)
	s.count(t, url) // so that what was written before is read, too
	cancel()
	poll.Wait()
	s.send(t, url, envelope("c-2"))
	require.Eventually(t, func() bool {
		waiting, held := s.count(t, url)
		return waiting == 0 && held == 1
	}, 20*time.Second, 10*time.Millisecond, "nobody has it, and nobody gets it before its visibility is over")
}
