package main_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/eventbridge/fauxqstest"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// queue is a queue at an SQS, as an AWS client sees it.
type queue struct {
	t        *testing.T
	client   *sqs.Client
	endpoint string
	url      string
}

func queueAt(t *testing.T, endpoint, url string) *queue {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &queue{t, sqs.New(sqs.Options{
		Region: fauxqstest.Region, BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}), endpoint, url}
}

// emulated are a queue and its dead-letter queue at an SQS that nobody here
// wrote.
func emulated(t *testing.T) (events, dead *queue) {
	endpoint := fauxqstest.New(t).Endpoint
	create := func(name string, attributes map[string]string) *queue {
		q := queueAt(t, endpoint, "")
		out, err := q.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		require.NoError(t, err)
		q.url = *out.QueueUrl
		return q
	}
	dead = create("events-failed", nil)
	return create("events", map[string]string{
		"VisibilityTimeout": "30", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":8}`, fauxqstest.ARN("events-failed")),
	}), dead
}

// simulated are the same at the simulator.
func simulated(t *testing.T) (events, dead *queue) {
	s := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	failed := s.Queue("events-failed", genesystest.QueueAttributes{})
	return queueAt(t, s.URL(), s.Queue("events", genesystest.QueueAttributes{Visibility: 30 * time.Second, DeadLetter: failed}).URL()), queueAt(t, s.URL(), failed.URL())
}

// environment are the variables that switch the queue on, all but the first
// AWS's own.
func (q *queue) environment() []string {
	return []string{"CONVTRACK_SQS_QUEUE_URL=" + q.url, "AWS_ENDPOINT_URL_SQS=" + q.endpoint,
		"AWS_REGION=" + fauxqstest.Region, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret"}
}

func (q *queue) send(bodies ...[]byte) {
	q.t.Helper()
	for some := range slices.Chunk(bodies, 10) {
		var entries []types.SendMessageBatchRequestEntry
		for i, body := range some {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(body))})
		}
		out, err := q.client.SendMessageBatch(q.t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		require.NoError(q.t, err)
		require.Empty(q.t, out.Failed)
	}
}

// len is how many messages are in the queue, also those that somebody has
// received.
func (q *queue) len() (n int) {
	q.t.Helper()
	out, err := q.client.GetQueueAttributes(q.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	require.NoError(q.t, err)
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		count, err := strconv.Atoi(out.Attributes[name])
		require.NoError(q.t, err)
		n += count
	}
	return n
}

func TestEnvelopesOfAnyAWSClientComeOutAsCommonEventsWithAWSOwnVariables(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (events, dead *queue){"the simulator": simulated, "fauxqs": emulated} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, dead := open(t)
			p := start(t, "memory", events.environment()...)
			p.until(ready(p))
			story := genesystest.BlindTransferToQueue()
			envelopes := story.Envelopes()
			slices.Reverse(envelopes) // a queue promises no order
			events.send(append(envelopes, envelopes[0], []byte("{"))...)
			// What nobody understands is left; to see it in the dead-letter queue takes
			// eight times its visibility.
			want := expected(t, envelopes...)
			p.until(func() bool { return holdsAll(p.events(story.ID), want) && events.len() == 1 })
			p.quiet()
			require.ElementsMatch(t, want, p.events(story.ID), "each once")
			require.Zero(t, dead.len())
			_, metrics := p.get("/metrics")
			require.Regexp(t, `(?m)^genesys_sqs_deleted_total [1-9]`, metrics)
			require.Regexp(t, `(?m)^genesys_sqs_not_understood_total [1-9]`, metrics)
			require.NotContains(t, p.said.String(), "dead-letter queue:", "the queue has one")
		})
	}
}

func TestItIsNotReadyWhileSQSDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1})
	p := start(t, "memory", queueAt(t, s.URL(), s.Queue("events", genesystest.QueueAttributes{}).URL()).environment()...)
	p.until(ready(p))
	s.Close()
	p.until(func() bool {
		status, why := p.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(why, `"what":"eventbridge"`)
	})
}
