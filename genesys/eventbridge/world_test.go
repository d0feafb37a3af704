package eventbridge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// world is an SQS in virtual time with a queue and its dead-letter queue.
type world struct {
	t           *testing.T
	sqs         *genesystest.SQS
	queue, dead *genesystest.SQSQueue
	log         *journal
}

// virtual runs a test in virtual time.
func virtual(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, genesystest.SQSConfig{InMemory: true, Seed: 1})) })
}

func newWorld(t *testing.T, c genesystest.SQSConfig) *world {
	w := &world{t: t, sqs: genesystest.NewSQS(t, c), log: &journal{}}
	w.dead = w.sqs.Queue("events-failed", genesystest.QueueAttributes{})
	w.queue = w.sqs.Queue("events", genesystest.QueueAttributes{Visibility: time.Minute, DeadLetter: w.dead, MaxReceiveCount: 8})
	return w
}

// client returns a client of the real AWS SDK.
func (w *world) client() *sqs.Client { return clientOf(w.sqs.URL(), w.sqs.HTTPClient()) }

func clientOf(endpoint string, h *http.Client) *sqs.Client {
	return sqs.New(sqs.Options{
		Region: "eu-central-1", BaseEndpoint: &endpoint, HTTPClient: h,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
}

func (w *world) source(change ...func(*eventbridge.QueueConfig)) *eventbridge.Queue {
	w.t.Helper()
	c := &eventbridge.QueueConfig{Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	for _, do := range change {
		do(c)
	}
	q, err := eventbridge.NewQueue(w.client(), w.queue.URL(), c)
	require.NoError(w.t, err)
	return q
}

// run runs a source until stop is called, or the test ends. stop returns what
// Run returned.
func run(t *testing.T, q *eventbridge.Queue, sink conversation.Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx, sink) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// messages are n envelopes, each of a conversation of its own: c-0, c-1 …
func messages(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = envelope(fmt.Sprintf("c-%d", i))
	}
	return list
}

func envelope(id string) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"e-%[1]s","detail-type":"v2.detail.events.conversation.{id}.customer.start","time":"2026-01-02T03:04:05Z",`+
		`"detail":{"topicName":"v2.detail.events.conversation.%[1]s.customer.start","version":"2","timestamp":"2026-01-02T03:04:05.678Z","eventBody":{`+
		`"eventTime":1767323045123,"conversationId":"%[1]s","participantId":"p-%[1]s","sessionId":"s-%[1]s","mediaType":"VOICE","direction":"INBOUND","ani":"tel:+4930123"}}}`, id)
}

// books is a sink that keeps what it is given.
type books struct {
	mu    sync.Mutex
	facts map[string]int // by conversation, how often
	calls []int          // how many facts came together
	gaps  []conversation.Gap
	fails func(conversations []*conversation.Conversation) error // nil: never
	takes time.Duration
}

func (b *books) sink(ctx context.Context, u conversation.Update) error {
	b.mu.Lock()
	takes, fails := b.takes, b.fails
	if u.Gap != nil {
		b.gaps = append(b.gaps, *u.Gap)
	}
	b.mu.Unlock()
	if u.Gap != nil {
		return nil
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	if fails != nil {
		if err := fails(u.Conversations); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.facts == nil {
		b.facts = map[string]int{}
	}
	for _, c := range u.Conversations {
		b.facts[c.ID]++
	}
	b.calls = append(b.calls, len(u.Conversations))
	return nil
}

func (b *books) set(do func(*books)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(b)
}

func (b *books) stored() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.facts)
}

func (b *books) gapList() []conversation.Gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.gaps)
}

var quiet = slog.New(slog.DiscardHandler)

var errDown = errors.New("the store is down")

func down([]*conversation.Conversation) error { return errDown }

// journal is what was logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) count(what string) int { return strings.Count(j.String(), what) }

// kept is a Tracked in memory.
type kept struct {
	mu      sync.Mutex
	value   []byte
	version int64
}

func (k *kept) Value(context.Context, string) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, k.version, nil
}

func (k *kept) SetValue(_ context.Context, _ string, value []byte, version int64) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if version != k.version {
		return 0, errors.New("conflict")
	}
	k.value, k.version = value, version+1
	return k.version, nil
}
