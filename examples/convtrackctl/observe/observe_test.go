package observe_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/examples/convtrackctl/observe"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// world is an organisation of which all mechanisms are heard, in virtual time.
type world struct {
	*genesystest.Server
	t     *testing.T
	queue func(*eventbridge.QueueConfig) (*eventbridge.Queue, error)
}

// of is what is reported of a mechanism.
func of(r *observe.Report, m observe.Mechanism) observe.MechanismReport {
	for _, is := range r.Mechanisms {
		if is.Name == m {
			return is
		}
	}
	return observe.MechanismReport{}
}

// inBubble runs a test in a world whose agents and queues are those of stories.
func inBubble(t *testing.T, test func(w *world), options ...genesystest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{Server: genesystest.NewServer(t, append(options, genesystest.InMemory(),
			genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "first line"}, genesystest.Entry{ID: "q-2", Name: "second line"}),
			genesystest.Users(genesystest.Entry{ID: "user-a", Name: "Alice"}, genesystest.Entry{ID: "user-b", Name: "Bob"}, genesystest.Entry{ID: "user-c", Name: "Carol"}))...), t: t}
		amazon := genesystest.NewSQS(t, genesystest.SQSConfig{Seed: 1, InMemory: true})
		queue := amazon.Queue("events", genesystest.QueueAttributes{DeadLetter: amazon.Queue("events-failed", genesystest.QueueAttributes{})})
		w.SendEnvelopes(queue)
		client := sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: aws.String(amazon.URL()), HTTPClient: amazon.HTTPClient(),
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")})
		w.queue = func(c *eventbridge.QueueConfig) (*eventbridge.Queue, error) {
			return eventbridge.NewQueue(client, queue.URL(), c)
		}
		test(w)
	})
}

// observe listens while something happens.
func (w *world) observe(length time.Duration, happens func()) *observe.Report {
	w.t.Helper()
	go func() {
		time.Sleep(30 * time.Second) // so that everybody listens
		happens()
	}()
	r, err := observe.Listen(context.WithoutCancel(w.t.Context()), &observe.Config{API: w.API(), DialContext: w.DialContext, Queue: w.queue,
		For: length, Grace: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(w.t, err)
	return r
}

func TestNothingIsMissedWhereAllMechanismsTellTheSame(t *testing.T) {
	inBubble(t, func(w *world) {
		r := w.observe(10*time.Minute, func() { w.Play(genesystest.BlindTransferToQueue()) })
		require.Empty(w.t, r.Losses)
		require.Empty(w.t, r.Differences)
		require.Equal(w.t, 1, r.Conversations)
		for _, m := range observe.Mechanisms() {
			require.NotZero(w.t, of(r, m).Messages, m)
			require.Equal(w.t, 1, of(r, m).Conversations, m)
		}
	})
}

func TestAMechanismThatIsLateIsFound(t *testing.T) {
	inBubble(t, func(w *world) {
		w.Faults().Envelopes(genesystest.FrameFaults{Delay: 7 * time.Second})
		r := w.observe(10*time.Minute, func() { w.Play(genesystest.BlindTransferToQueue()) })
		require.Less(w.t, time.Duration(of(r, observe.Snapshots).Lag.Median), time.Second)
		require.GreaterOrEqual(w.t, time.Duration(of(r, observe.Queue).Lag.Median), 7*time.Second)
		require.Less(w.t, time.Duration(of(r, observe.Queue).Lag.P99), 8*time.Second)
		require.Empty(w.t, r.Losses, "late is not lost")
	})
}

func TestWhatAMechanismLosesIsFoundAndWhetherItsSourceSaidSo(t *testing.T) {
	t.Run("an envelope", func(t *testing.T) {
		inBubble(t, func(w *world) {
			r := w.observe(10*time.Minute, func() {
				w.Play(genesystest.BlindTransferToQueue())
				time.Sleep(10 * time.Second)
				w.Faults().Envelopes(genesystest.FrameFaults{Drop: 1})
			})
			require.NotEmpty(w.t, r.Losses)
			for _, l := range r.Losses {
				require.Equal(w.t, observe.Queue, l.Mechanism, l)
				require.Zero(w.t, l.Blind, l)
				require.Equal(w.t, []int{1}, l.Conversations)
			}
		})
	})
	t.Run("everything over the socket, in a gap", func(t *testing.T) {
		inBubble(t, func(w *world) {
			r := w.observe(10*time.Minute, func() {
				w.Faults().SilenceSockets()
				w.Faults().Frames(genesystest.FrameFaults{Drop: 1})
				w.Play(genesystest.BlindTransferToQueue())
			})
			lost := map[observe.Mechanism]bool{}
			blind := 0
			for _, l := range r.Losses {
				lost[l.Mechanism] = true
				blind += l.Blind
			}
			require.Equal(w.t, map[observe.Mechanism]bool{observe.Snapshots: true, observe.DetailEvents: true}, lost)
			require.NotZero(w.t, blind)
			require.NotZero(w.t, of(r, observe.Snapshots).Blind)
		})
	})
}

func TestWhatContradictsIsFound(t *testing.T) {
	inBubble(t, func(w *world) {
		r := w.observe(10*time.Minute, func() {
			s := genesystest.NewStory("c-1")
			customer := s.Customer("cust", 0)
			customer.Ends(60*time.Second, "endpoint")
			a := s.User("a", time.Second, "user-a").Answer(5 * time.Second)
			a.Ends(60*time.Second, "transfer").NoWrapUp().Consulted = true
			w.Play(s)
		})
		said := map[string]bool{}
		for _, d := range r.Differences {
			require.Equal(w.t, "disconnectType", d.Field, d)
			for words := range d.Words {
				said[words] = true
			}
		}
		require.Equal(w.t, map[string]bool{"transfer / consultTransfer": true, "consultTransfer / transfer": true}, said)
	}, genesystest.Otherwise(genesystest.ConsultsEndAsConsults))
}

func TestWhereNothingCanBeHeardAnErrorSaysSo(t *testing.T) {
	_, err := observe.Listen(t.Context(), &observe.Config{For: time.Second, Logger: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "nothing is configured")
}

func TestWhoInterruptsGetsAReportOfWhatThereIs(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, stop := context.WithTimeout(w.t.Context(), 2*time.Minute)
		defer stop()
		go func() {
			time.Sleep(time.Minute)
			w.Play(genesystest.BlindTransferToQueue())
		}()
		r, err := observe.Listen(ctx, &observe.Config{API: w.API(), DialContext: w.DialContext, For: time.Hour, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(w.t, err)
		require.Equal(w.t, 1, r.Conversations)
		require.Less(w.t, time.Duration(r.Took), 3*time.Minute)
	})
}

func TestAMechanismThatTellsNothingIsInTheReportAndHasLostEverything(t *testing.T) {
	inBubble(t, func(w *world) {
		w.Faults().Envelopes(genesystest.FrameFaults{Drop: 1}) // a rule that lets nothing through
		r := w.observe(10*time.Minute, func() { w.Play(genesystest.BlindTransferToQueue()) })
		require.Equal(w.t, observe.Queue, of(r, observe.Queue).Name)
		require.NotEmpty(w.t, r.Losses)
		for _, l := range r.Losses {
			require.Equal(w.t, observe.Queue, l.Mechanism)
			require.Equal(w.t, l.Should, l.Missing)
		}
	})
}
