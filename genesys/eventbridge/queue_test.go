package eventbridge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/origin"
)

func TestWhatTheQueueSaysIsStoredTogetherAndThenDeleted(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		for _, m := range messages(25) {
			w.queue.Send(m)
		}
		var b books
		q := w.source()
		stop := run(t, q, b.sink)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 25, b.stored())
		require.Zero(t, w.queue.Len())
		require.Zero(t, w.dead.Len())
		require.Contains(t, b.calls, 10, "the facts of a batch are given together")
		require.Len(t, b.calls, 3)
		is := q.Stats()
		require.EqualValues(t, 25, is.Received)
		require.EqualValues(t, 25, is.Deleted)
		require.Zero(t, is.Held)
		require.NoError(t, stop())
		require.Empty(t, w.log.count("level=WARN")+w.log.count("level=ERROR"), w.log)
	})
}

// A4: while there is little only one receiver waits.
func TestAnIdleQueueIsAskedByOneReceiverAtATime(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var b books
		run(t, w.source(), b.sink)
		time.Sleep(10 * time.Minute)
		require.InDelta(t, 60, w.sqs.Calls("ReceiveMessage"), 2)
		for _, m := range messages(2000) {
			w.queue.Send(m)
		}
		time.Sleep(time.Second)
		require.Zero(t, w.queue.Len())
		time.Sleep(time.Minute)
		before := w.sqs.Calls("ReceiveMessage")
		time.Sleep(10 * time.Minute)
		require.InDelta(t, 60, w.sqs.Calls("ReceiveMessage")-before, 2, "also after a rush")
	})
}

// A1: who cancels a long poll loses what is handed out in that moment.
func TestAStopLetsThePollEndAndGivesBackWhatItBrings(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var b books
		q := w.source()
		stop := run(t, q, b.sink)
		time.Sleep(time.Second)
		ended := make(chan struct{})
		began := time.Now()
		go func() { _ = stop(); close(ended) }()
		time.Sleep(time.Second)
		w.queue.Send(envelope("c-1"))
		<-ended
		require.LessOrEqual(t, time.Since(began), 10*time.Second, "the wait time")
		require.Zero(t, w.queue.InFlight())
		require.Equal(t, 1, w.queue.Len(), "it is visible to others at once")
		require.EqualValues(t, 1, q.Stats().GivenBack)
	})
}

func TestAStopStoresWhatItHolds(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		for _, m := range messages(30) {
			w.queue.Send(m)
		}
		b := books{takes: 3 * time.Second}
		stop := run(t, w.source(), b.sink)
		time.Sleep(time.Second)
		require.NoError(t, stop())
		require.Equal(t, 30, b.stored())
		require.Zero(t, w.queue.Len())
	})
}

func TestAStopGivesBackWhatTheStoreDoesNotTake(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		for _, m := range messages(30) {
			w.queue.Send(m)
		}
		b := books{takes: time.Hour}
		stop := run(t, w.source(), b.sink)
		time.Sleep(time.Second)
		began := time.Now()
		require.NoError(t, stop())
		require.LessOrEqual(t, time.Since(began), 15*time.Second)
		require.Equal(t, 30, w.queue.Len())
		require.Zero(t, w.queue.InFlight())
	})
}

// A2: empty is no proof of being up to date.
func TestAnEmptyAnswerIsNoProofThatTheQueueIsRead(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var k kept
		w.queue.Send(envelope("c-1"))
		w.sqs.SetFaults(genesystest.SQSFaults{MostInFlight: -1}) // as if there were too many
		var b books
		stop := run(t, w.source(func(c *eventbridge.QueueConfig) { c.Tracked = &k }), b.sink)
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		require.Contains(t, string(k.value), "0001-01-01", "nothing is known to be read")
		w.sqs.SetFaults(genesystest.SQSFaults{})
		q := w.source(func(c *eventbridge.QueueConfig) { c.Tracked = &k })
		stop = run(t, q, b.sink)
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		require.NotContains(t, string(k.value), "0001-01-01")
		require.Zero(t, q.Stats().Waiting)
	})
}

// A3 and A4: what fails for long is asked for seldom, and is well again by
// itself.
func TestAnHourOfFailuresIsFewRequestsAndPasses(t *testing.T) {
	for _, receivers := range []int{1, 50} {
		virtual(t, func(t *testing.T, w *world) {
			var b books
			q := w.source(func(c *eventbridge.QueueConfig) { c.Receivers = receivers })
			run(t, q, b.sink)
			for _, m := range messages(500) {
				w.queue.Send(m) // so that many are at it when it begins
			}
			time.Sleep(time.Minute)
			w.sqs.SetFaults(genesystest.SQSFaults{Error: "ServiceUnavailable", Status: 503})
			time.Sleep(time.Minute)
			before := w.sqs.Calls("ReceiveMessage")
			time.Sleep(10 * time.Minute)
			require.LessOrEqual(t, w.sqs.Calls("ReceiveMessage")-before, 60)
			time.Sleep(49 * time.Minute)
			w.sqs.SetFaults(genesystest.SQSFaults{})
			w.queue.Send(envelope("later"))
			time.Sleep(time.Minute)
			require.Equal(t, 501, b.stored())
			require.NotContains(t, w.log.String(), "rate limit token")
			gaps := b.gapList()
			require.Len(t, gaps, 2, "it says that it is blind, and that it hears again")
			require.True(t, gaps[0].To.IsZero())
			require.False(t, gaps[1].To.IsZero())
			require.Equal(t, gaps[0].From, gaps[1].From)
		})
	}
}

// A3: in adaptive mode the SDK's own quota of retries never refills.
func TestAClientWhoseRetriesRunOutIsWarnedOfAndRecoversAllTheSame(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		options := w.client().Options()
		options.RetryMode = aws.RetryModeAdaptive
		q, err := eventbridge.NewQueue(sqs.New(options), w.queue.URL(), &eventbridge.QueueConfig{Logger: slog.New(slog.NewTextHandler(w.log, nil))})
		require.NoError(t, err)
		require.Equal(t, 1, w.log.count("adaptive mode"))
		var b books
		run(t, q, b.sink)
		time.Sleep(time.Minute)
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "InternalFailure", Status: 500})
		time.Sleep(time.Hour)
		w.sqs.SetFaults(genesystest.SQSFaults{})
		for _, m := range messages(100) {
			w.queue.Send(m)
		}
		time.Sleep(time.Minute)
		require.Equal(t, 100, b.stored())
		require.Zero(t, w.queue.Len())
	})
}

// A5: in either spelling, with and without the header of the older protocol.
func TestWhatNeedsAPersonEndsTheStartAndNotTheRunning(t *testing.T) {
	for _, is := range []struct{ code, legacy, advice string }{
		{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "no such queue"},
		{"QueueDoesNotExist", "", "no such queue"},
		{"AWS.SimpleQueueService.NonExistentQueue", "", "no such queue"},
		{"AccessDenied", "", "sqs:ReceiveMessage"},
		{"AccessDeniedException", "", "sqs:ReceiveMessage"},
		{"ExpiredToken", "", "have expired"},
		{"ExpiredTokenException", "", "have expired"},
		{"InvalidClientTokenId", "", "access key"},
		{"UnrecognizedClientException", "", "access key"},
		{"MissingAuthenticationTokenException", "", "access key"},
		{"InvalidSignatureException", "", "secret key"},
		{"SignatureDoesNotMatch", "", "region"},
		{"InvalidAddress", "", "another region"},
		{"KMS.AccessDeniedException", "", "kms:Decrypt"},
		{"KmsAccessDenied", "", "kms:Decrypt"},
	} {
		virtual(t, func(t *testing.T, w *world) {
			fault := genesystest.SQSFaults{Error: is.code, Legacy: is.legacy}
			w.sqs.SetFaults(fault)
			var b books
			err := w.source().Run(t.Context(), b.sink)
			var failed *eventbridge.CallError
			require.ErrorAs(t, err, &failed, is.code)
			require.True(t, failed.Permanent())
			require.ErrorContains(t, err, is.advice, is.code)
			require.ErrorContains(t, err, "events")

			w.sqs.SetFaults(genesystest.SQSFaults{})
			run(t, w.source(), b.sink)
			time.Sleep(time.Minute)
			w.sqs.SetFaults(fault)
			time.Sleep(time.Hour)
			require.NotEmpty(t, b.gapList(), "later it is a gap")
			w.sqs.SetFaults(genesystest.SQSFaults{})
			w.queue.Send(envelope("c-1"))
			time.Sleep(time.Minute)
			require.Equal(t, 1, b.stored(), "and asked for again: somebody is at work")
		})
	}
}

// skewed answers the first call as SQS does one that was signed an hour ago.
type skewed struct {
	http.RoundTripper
	asked atomic.Int32
}

func (s *skewed) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.asked.Add(1) > 1 {
		return s.RoundTripper.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusForbidden, Request: r,
		Header: http.Header{"Date": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(strings.NewReader(`{"__type":"com.amazonaws.sqs#SignatureDoesNotMatch","message":"Signature expired"}`))}, nil
}

func TestAClockThatIsWrongAtTheStartIsNoWrongSignature(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		client := w.sqs.HTTPClient()
		client.Transport = &skewed{RoundTripper: client.Transport}
		q, err := eventbridge.NewQueue(clientOf(w.sqs.URL(), client), w.queue.URL(), &eventbridge.QueueConfig{Logger: quiet})
		require.NoError(t, err)
		w.queue.Send(envelope("c-1"))
		var b books
		stop := run(t, q, b.sink)
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		require.Equal(t, 1, b.stored())
	})
}

func TestWithoutTheRightToInspectTheQueueIsReadAllTheSame(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "AccessDenied", Only: []string{"GetQueueAttributes"}})
		w.queue.Send(envelope("c-1"))
		var b books
		run(t, w.source(), b.sink)
		time.Sleep(time.Second)
		require.Equal(t, 1, b.stored())
		require.Equal(t, 1, w.log.count("sqs:GetQueueAttributes"))
	})
}

func TestAClientWithoutCredentialsIsToldSo(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: aws.String(w.sqs.URL()), HTTPClient: w.sqs.HTTPClient(),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("no role here")
			})})
		q, err := eventbridge.NewQueue(client, w.queue.URL(), nil)
		require.NoError(t, err)
		require.ErrorContains(t, q.Run(t.Context(), (&books{}).sink), "has no credentials")
	})
}

func TestAFaultOfTheServiceThatGivesCredentialsIsWaitedOut(t *testing.T) {
	answered := func(status int, code string) error {
		return &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      &smithy.GenericAPIError{Code: code, Message: "as demanded"},
		}
	}
	refused := &smithyhttp.RequestSendError{Err: errors.New("connection refused")}
	for name, x := range map[string]struct {
		fault  error
		passes bool
	}{
		"not reached":                 {refused, true},
		"down":                        {answered(503, "ServiceUnavailable"), true},
		"too many requests":           {answered(429, ""), true},
		"throttled":                   {answered(400, "Throttling"), true},
		"not allowed":                 {answered(403, "AccessDenied"), false},
		"no role: a laptop":           {fmt.Errorf("no EC2 IMDS role found, %w", refused), false},
		"a profile that is not there": {errors.New("no such profile"), false},
	} {
		virtual(t, func(t *testing.T, w *world) {
			var asked atomic.Int32
			client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: aws.String(w.sqs.URL()), HTTPClient: w.sqs.HTTPClient(),
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					if asked.Add(1) <= 2 {
						return aws.Credentials{}, fmt.Errorf("failed to refresh cached credentials, %w", x.fault)
					}
					return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
				})})
			q, err := eventbridge.NewQueue(client, w.queue.URL(), &eventbridge.QueueConfig{Logger: quiet})
			require.NoError(t, err)
			w.queue.Send(envelope("c-1"))
			var b books
			stop := run(t, q, b.sink)
			time.Sleep(time.Minute)
			err = stop()
			if x.passes {
				require.NoError(t, err, name)
				require.Equal(t, 1, b.stored(), name)
				return
			}
			require.ErrorContains(t, err, "has no credentials", name)
		})
	}
}

// writes counts what is written to a connection.
type writes struct {
	net.Conn
	n *atomic.Int64
}

func (w writes) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.Conn.Write(p)
}

// TestARequestIsWrittenInOnePiece: of one that is not, net/http may still look for
// the end when the answer comes; then it cuts the connection in the middle of that,
// and the messages in it are away for their visibility.
func TestARequestIsWrittenInOnePiece(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		client := w.sqs.HTTPClient()
		transport := client.Transport.(*http.Transport)
		dial := transport.DialContext
		var n atomic.Int64
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			return writes{c, &n}, err
		}
		q, err := eventbridge.NewQueue(clientOf(w.sqs.URL(), client), w.queue.URL(), &eventbridge.QueueConfig{Logger: quiet})
		require.NoError(t, err)
		w.queue.Send(envelope("c-1"))
		var b books
		stop := run(t, q, b.sink)
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		calls := 0
		for _, call := range []string{"ReceiveMessage", "DeleteMessageBatch", "GetQueueAttributes"} {
			require.NotZero(t, w.sqs.Calls(call))
			calls += w.sqs.Calls(call)
		}
		require.EqualValues(t, calls, n.Load())
	})
}

// A6: a batch call answers 200 and lists failures inside.
func TestWhatABatchCallLeavesIsDeletedOneByOne(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.sqs.SetFaults(genesystest.SQSFaults{FailEntry: 0.3})
		for _, m := range messages(100) {
			w.queue.Send(m)
		}
		var b books
		run(t, w.source(), b.sink)
		time.Sleep(time.Hour)
		require.Equal(t, 100, b.stored())
		require.Zero(t, w.queue.Len())
		require.Zero(t, w.dead.Len())
	})
}

// scripted is an SQS that answers as a test says.
type scripted struct {
	receives  [][]eventbridge.QueueMessage
	deleted   [][]string
	prolonged [][]string
}

func (s *scripted) ReceiveMessage(ctx context.Context, _ int, wait, _ time.Duration) ([]eventbridge.QueueMessage, error) {
	if len(s.receives) == 0 {
		time.Sleep(wait)
		return nil, ctx.Err()
	}
	next := s.receives[0]
	s.receives = s.receives[1:]
	return next, nil
}

func (s *scripted) DeleteMessageBatch(_ context.Context, receipts []string) (map[int]error, error) {
	s.deleted = append(s.deleted, slices.Clone(receipts))
	return nil, nil
}

func (s *scripted) ChangeMessageVisibilityBatch(_ context.Context, receipts []string, _ time.Duration) (map[int]error, error) {
	s.prolonged = append(s.prolonged, slices.Clone(receipts))
	return nil, nil
}

func (s *scripted) GetQueueAttributes(context.Context) (eventbridge.QueueAttributes, error) {
	return eventbridge.QueueAttributes{Visibility: time.Minute, Retention: time.Hour, Redrive: true, MaxReceives: 8}, nil
}

// A6: one message twice in a batch, with two receipts.
func TestOfAMessageThatCameTwiceTheNewestReceiptCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{receives: [][]eventbridge.QueueMessage{{
			{ID: "m-1", Receipt: "old", Body: envelope("c-1")}, {ID: "m-2", Receipt: "other", Body: envelope("c-2")}, {ID: "m-1", Receipt: "new", Body: envelope("c-1")},
		}}}
		q, err := eventbridge.NewQueueOn(s, "https://sqs.eu-central-1.amazonaws.com/123456789012/events", nil)
		require.NoError(t, err)
		var b books
		stop := run(t, q, b.sink)
		time.Sleep(time.Second)
		require.NoError(t, stop())
		require.Equal(t, [][]string{{"new", "other"}}, s.deleted)
		require.Equal(t, map[string]int{"c-1": 1, "c-2": 1}, b.facts)
	})
}

// A7: what waits for a slow store is held for longer.
func TestASlowStoreMakesNoMessageComeAgain(t *testing.T) {
	for _, takes := range []time.Duration{5 * time.Second, 2 * time.Minute} {
		virtual(t, func(t *testing.T, w *world) {
			w.queue = w.sqs.Queue("short", genesystest.QueueAttributes{Visibility: 30 * time.Second, DeadLetter: w.dead})
			var ids []string
			for _, m := range messages(200) {
				ids = append(ids, w.queue.Send(m))
			}
			one, two := books{takes: takes}, books{takes: takes}
			run(t, w.source(), one.sink)
			run(t, w.source(), two.sink)
			time.Sleep(20 * takes)
			require.Equal(t, 200, one.stored()+two.stored())
			require.Zero(t, w.queue.Len()+w.dead.Len())
			for _, id := range ids {
				require.Equal(t, 1, w.queue.Receives(id))
			}
		})
	}
}

// A8: what is fine does not get into the dead-letter queue.
func TestAStoreThatIsDownForHoursBringsNothingIntoTheDeadLetterQueue(t *testing.T) {
	for _, tracked := range []eventbridge.Tracked{nil, brokenTracked{}} {
		virtual(t, func(t *testing.T, w *world) {
			b := books{fails: down}
			run(t, w.source(func(c *eventbridge.QueueConfig) { c.Tracked, c.Receivers = tracked, 3 }), b.sink)
			for _, m := range messages(100) {
				w.queue.Send(m)
			}
			time.Sleep(6 * time.Hour)
			require.Zero(t, b.stored())
			require.Equal(t, 100, w.queue.Len())
			require.LessOrEqual(t, w.sqs.Calls("ReceiveMessage"), 3*8, "what cannot be stored is not received")
			b.set(func(b *books) { b.fails = nil })
			time.Sleep(5 * time.Minute)
			require.Equal(t, 100, b.stored())
			require.Zero(t, w.queue.Len()+w.dead.Len())
		})
	}
}

// brokenTracked is that of a store that is down.
type brokenTracked struct{}

func (brokenTracked) Value(context.Context, string) ([]byte, int64, error) { return nil, 0, errDown }
func (brokenTracked) SetValue(context.Context, string, []byte, int64) (int64, error) {
	return 0, errDown
}

// cut is a way to SQS that can be cut for good, as with the process that uses it.
type cut struct {
	http.RoundTripper
	off atomic.Bool
}

func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.off.Load() {
		return nil, errors.New("the process is dead")
	}
	return c.RoundTripper.RoundTrip(r)
}

// A8, with the queue that genesys/setup writes: what a process held when it was
// killed counts as received.
func TestTenKillsWithFullBuffersBringNothingIntoTheDeadLetterQueue(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.queue = w.sqs.Queue("shipped", genesystest.QueueAttributes{Visibility: time.Minute, DeadLetter: w.dead, MaxReceiveCount: 16})
		var ids []string
		for _, m := range messages(100) {
			ids = append(ids, w.queue.Send(m))
		}
		for range 10 {
			alive := &cut{RoundTripper: w.sqs.HTTPClient().Transport}
			q, err := eventbridge.NewQueue(clientOf(w.sqs.URL(), &http.Client{Transport: alive}), w.queue.URL(), &eventbridge.QueueConfig{Logger: quiet})
			require.NoError(t, err)
			stop := run(t, q, (&books{takes: time.Hour}).sink)
			time.Sleep(10 * time.Second)
			require.Equal(t, 100, q.Stats().Held)
			alive.off.Store(true)
			require.NoError(t, stop())
			time.Sleep(time.Minute)
		}
		for _, id := range ids {
			require.Equal(t, 10, w.queue.Receives(id))
		}
		var b books
		run(t, w.source(), b.sink)
		time.Sleep(time.Minute)
		require.Equal(t, 100, b.stored())
		require.Zero(t, w.queue.Len()+w.dead.Len())
	})
}

func TestAStopNowAndThenBringsNothingIntoTheDeadLetterQueue(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		b := books{takes: time.Hour}
		for _, m := range messages(100) {
			w.queue.Send(m)
		}
		for range 7 {
			stop := run(t, w.source(), b.sink)
			time.Sleep(30 * time.Second)
			require.NoError(t, stop())
		}
		b.set(func(b *books) { b.takes = 0 })
		run(t, w.source(), b.sink)
		time.Sleep(time.Minute)
		require.Equal(t, 100, b.stored())
		require.Zero(t, w.dead.Len())
	})
}

// A9: the network swallows what is sent.
func TestACallThatIsNeverAnsweredIsGivenUpAndIsAGap(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var b books
		q := w.source()
		run(t, q, b.sink)
		time.Sleep(time.Minute)
		w.sqs.SetFaults(genesystest.SQSFaults{Hang: 1})
		time.Sleep(10 * time.Second)
		before := w.sqs.Calls("ReceiveMessage")
		time.Sleep(30 * time.Second)
		require.Greater(t, w.sqs.Calls("ReceiveMessage"), before)
		time.Sleep(5 * time.Minute)
		require.Len(t, b.gapList(), 1)
		w.sqs.SetFaults(genesystest.SQSFaults{})
		w.queue.Send(envelope("c-1"))
		time.Sleep(5 * time.Minute) // a call that hangs is given up, and the pause after it is over
		require.Equal(t, 1, b.stored())
		require.EqualValues(t, 2, q.Stats().Gaps)
	})
}

// A15: system attributes come to those who ask in the right way, and not from
// all.
func TestLagIsShownOnlyWhenTheQueueTells(t *testing.T) {
	for _, faults := range []genesystest.SQSFaults{{}, {NoAttributes: true}, {OldAttributes: true}} {
		virtual(t, func(t *testing.T, w *world) {
			w.sqs.SetFaults(faults)
			w.queue.Send(envelope("c-1"))
			time.Sleep(time.Hour)
			b := books{takes: time.Second}
			q := w.source()
			run(t, q, b.sink)
			time.Sleep(2 * time.Second)
			want := time.Duration(0)
			if !faults.NoAttributes && !faults.OldAttributes {
				want = time.Hour
			}
			require.InDelta(t, want, q.Stats().Lag, float64(time.Second))
			require.Equal(t, 1, b.stored())
			time.Sleep(time.Minute)
			require.Zero(t, q.Stats().Lag, "it is read")
		})
	}
}

func TestAMessageThatIsNotUnderstoodHoldsUpNobodyAndGoesToTheDeadLetterQueue(t *testing.T) {
	poison := map[string]string{
		"no JSON":                   `secret content`,
		"nothing":                   ``,
		"half of one":               `{"detail-type":"v2.detail.events.conversation.{id}.customer.end","detail":{"secret":`,
		"another product's event":   `{"version":"0","detail-type":"EC2 Instance State-change","detail":{"secret content":1}}`,
		"an event of unknown name":  `{"detail-type":"v2.detail.events.conversation.{id}.secret","detail":{"topicName":"v2.detail.events.conversation.c-9.secret","eventBody":{"eventTime":1767323045123,"conversationId":"c-9"}}}`,
		"no conversation":           string(envelope("")),
		"one of two in a container": `{"Records":[{"body":` + quoted(envelope("c-7")) + `},{"body":"secret content"}]}`,
	}
	for name, body := range poison {
		virtual(t, func(t *testing.T, w *world) {
			id := w.queue.Send([]byte(body))
			for _, m := range messages(30) {
				w.queue.Send(m)
			}
			var b books
			q := w.source()
			run(t, q, b.sink)
			time.Sleep(time.Second)
			synctest.Wait()
			require.GreaterOrEqual(t, b.stored(), 30, name)
			require.Equal(t, 1, w.queue.Len(), name)
			time.Sleep(30 * time.Minute)
			require.Zero(t, w.queue.Len(), name)
			require.Equal(t, 1, w.dead.Len(), name)
			require.False(t, w.queue.Deleted(id), name)
			require.EqualValues(t, 8, q.Stats().NotUnderstood, name)
			require.Equal(t, 1, w.log.count("message="+id), "it is named once, by its id")
			require.NotContains(t, w.log.String(), "secret content")
		})
	}
}

func TestWhatOfAMessageIsUnderstoodIsUsed(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.queue.Send([]byte(`{"detail-type":"v2.users.{id}.conversations","detail":{"topicName":"v2.users.u-1.conversations","eventBody":{"id":"c-1","participants":[` +
			`{"id":"p-1","purpose":"customer","calls":[{"id":"s-1","state":"connected"},{"state":"connected"}]}]}}}`))
		var b books
		q := w.source()
		run(t, q, b.sink)
		time.Sleep(time.Second)
		require.Equal(t, 1, b.stored())
		require.Zero(t, w.queue.Len())
		require.EqualValues(t, 1, q.Stats().Partly)
	})
}

func TestWhatSaysNothingAboutConversationsIsDeleted(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.queue.Send([]byte(`{"detail-type":"v2.users.{id}.presence","detail":{"topicName":"v2.users.u-1.presence","eventBody":{"presenceDefinition":{}}}}`))
		var b books
		run(t, w.source(), b.sink)
		time.Sleep(time.Second)
		require.Zero(t, b.stored())
		require.Zero(t, w.queue.Len())
	})
}

// TestWhatTheStoreRefusesHoldsUpNobody has messages that the store refuses while
// it takes others.
func TestWhatTheStoreRefusesHoldsUpNobody(t *testing.T) {
	refuses := func(list []*conversation.Conversation) error {
		for _, c := range list {
			if c.ID == "bad" {
				return errors.New("not this one")
			}
		}
		return nil
	}
	for _, alone := range []bool{false, true} {
		virtual(t, func(t *testing.T, w *world) {
			var k kept
			b := books{fails: refuses}
			id := w.queue.Send(envelope("bad"))
			q := w.source(func(c *eventbridge.QueueConfig) { c.Tracked = &k })
			run(t, q, b.sink)
			if !alone {
				for _, m := range messages(25) {
					w.queue.Send(m)
				}
				time.Sleep(time.Minute)
				require.Equal(t, 25, b.stored())
			}
			time.Sleep(3 * time.Hour)
			require.Zero(t, w.queue.Len())
			require.Equal(t, 1, w.dead.Len())
			require.False(t, w.queue.Deleted(id))
			require.NotZero(t, q.Stats().NotStored)
		})
	}
}

func TestAQueueThatWillLoseMessagesIsSaidAtTheStart(t *testing.T) {
	for name, is := range map[string]struct {
		attributes genesystest.QueueAttributes
		says       []string
	}{
		"no dead-letter queue": {genesystest.QueueAttributes{Visibility: time.Minute}, []string{"no dead-letter queue"}},
		"a short visibility":   {genesystest.QueueAttributes{Visibility: 5 * time.Second, DeadLetter: &genesystest.SQSQueue{}}, []string{"visibility timeout is too short"}},
		"few receives":         {genesystest.QueueAttributes{Visibility: time.Minute, DeadLetter: &genesystest.SQSQueue{}, MaxReceiveCount: 2}, []string{"maxReceiveCount is so low"}},
	} {
		virtual(t, func(t *testing.T, w *world) {
			if is.attributes.DeadLetter != nil {
				is.attributes.DeadLetter = w.dead
			}
			w.queue = w.sqs.Queue("odd", is.attributes)
			var b books
			run(t, w.source(), b.sink)
			time.Sleep(time.Hour)
			require.Equal(t, len(is.says), w.log.count("level=WARN"), name)
			for _, words := range is.says {
				require.Contains(t, w.log.String(), words, name)
			}
		})
	}
}

func TestAQueueThatCannotServeIsRefused(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		at := func(region string) *sqs.Client { return sqs.New(sqs.Options{Region: region}) }
		good := "https://sqs.eu-central-1.amazonaws.com/123456789012/events"
		for _, is := range []struct {
			client *sqs.Client
			url    string
			config *eventbridge.QueueConfig
			says   string
		}{
			{nil, good, nil, "client is nil"},
			{at("us-east-1"), good, nil, "eu-central-1"},
			{at("eu-central-1"), good + ".fifo", nil, "FIFO"},
			{at("eu-central-1"), "events", nil, "URL of a queue"},
			{at("eu-central-1"), "arn:aws:sqs:eu-central-1:123456789012:events", nil, "URL of a queue"},
			{at("eu-central-1"), good, &eventbridge.QueueConfig{Receivers: -1}, "Receivers"},
			{at("eu-central-1"), good, &eventbridge.QueueConfig{Wait: time.Minute}, "Wait"},
			{at("eu-central-1"), good, &eventbridge.QueueConfig{Visibility: time.Millisecond}, "Visibility"},
		} {
			_, err := eventbridge.NewQueue(is.client, is.url, is.config)
			require.ErrorContains(t, err, is.says)
		}
		_, err := eventbridge.NewQueue(at("eu-central-1"), good, nil)
		require.NoError(t, err)
		q := w.source()
		stop := run(t, q, (&books{}).sink)
		time.Sleep(time.Second)
		require.NoError(t, stop())
		require.ErrorContains(t, q.Run(t.Context(), (&books{}).sink), "once")
	})
}

func TestBeingAwayForLongerThanTheQueueKeepsIsAGap(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var k kept
		tracked := func(c *eventbridge.QueueConfig) { c.Tracked = &k }
		var b books
		stop := run(t, w.source(tracked), b.sink)
		w.queue.Send(envelope("c-1"))
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		time.Sleep(3 * 24 * time.Hour)
		stop = run(t, w.source(tracked), b.sink)
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		require.Empty(t, b.gapList(), "three days of four")

		last := time.Now()
		time.Sleep(5 * 24 * time.Hour)
		back := time.Now()
		run(t, w.source(tracked), b.sink)
		time.Sleep(time.Minute)
		gaps := b.gapList()
		require.Len(t, gaps, 1)
		require.WithinDuration(t, last, gaps[0].From, 2*time.Minute)
		require.WithinDuration(t, back.Add(-4*24*time.Hour), gaps[0].To, time.Minute)
		require.Equal(t, "eventbridge/dropped", gaps[0].Source)
	})
}

// TestWhatASnapshotSaysIsAsOldAsItsEnvelope: a hold that is over must not come
// back with a message that is delivered again.
func TestWhatASnapshotSaysIsAsOldAsItsEnvelope(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		snapshot := func(held string, second string) []byte {
			return []byte(`{"detail-type":"v2.users.{id}.conversations","time":"2000-01-01T00:00:` + second + `Z","detail":{"topicName":"v2.users.u-1.conversations","timestamp":"2000-01-01T00:00:` + second +
				`.500Z","eventBody":{"id":"c-1","participants":[{"id":"p-1","purpose":"customer","calls":[{"id":"s-1","state":"connected","held":` + held + `}]}]}}}`)
		}
		var mu sync.Mutex
		var joined *conversation.Conversation
		sink := func(_ context.Context, u conversation.Update) error {
			mu.Lock()
			defer mu.Unlock()
			for _, c := range u.Conversations {
				joined = conversation.Merge(joined, c)
			}
			return nil
		}
		run(t, w.source(), sink)
		time.Sleep(time.Minute)
		for _, m := range [][]byte{snapshot("true", "05"), snapshot("false", "06"), snapshot("true", "05")} {
			w.queue.Send(m)
			time.Sleep(time.Second)
		}
		mu.Lock()
		defer mu.Unlock()
		session := joined.Participants[0].Sessions[0]
		require.False(t, session.Held, "it was taken off hold a second later")
	})
}

// X-Ray names the trace of a message in a system attribute.
func TestWhatMessagesTellIsSaidWithTheTracesInWhichTheyWereSent(t *testing.T) {
	const one, other = "1-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272794"
	header := func(root string) string { return "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1" }
	for name, x := range map[string]struct {
		headers []string
		traces  []string
	}{
		"none names one":           {[]string{"", ""}, nil},
		"one does":                 {[]string{"", header(one)}, []string{"5759e988bd862e3fe1be46a994272793"}},
		"both do":                  {[]string{header(one), header(other)}, []string{"5759e988bd862e3fe1be46a994272793", "5759e988bd862e3fe1be46a994272794"}},
		"both name the same":       {[]string{header(one), header(one)}, []string{"5759e988bd862e3fe1be46a994272793"}},
		"one of them is no header": {[]string{"Root=nonsense", header(one)}, []string{"5759e988bd862e3fe1be46a994272793"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{receives: [][]eventbridge.QueueMessage{{
					{ID: "m-1", Receipt: "1", Body: envelope("c-1"), TraceHeader: x.headers[0]}, {ID: "m-2", Receipt: "2", Body: envelope("c-2"), TraceHeader: x.headers[1]},
				}}}
				q, err := eventbridge.NewQueueOn(s, "https://sqs.eu-central-1.amazonaws.com/123456789012/events", nil)
				require.NoError(t, err)
				var traces []string
				stop := run(t, q, func(ctx context.Context, _ conversation.Update) error {
					for _, c := range origin.Of(ctx).Traces {
						require.True(t, c.IsSampled())
						traces = append(traces, c.TraceID().String())
					}
					return nil
				})
				time.Sleep(time.Second)
				require.NoError(t, stop())
				require.Equal(t, x.traces, traces)
			})
		})
	}
}
