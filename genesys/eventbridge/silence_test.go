package eventbridge_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

// othersHear has others hear of n conversations that begin now.
func othersHear(q *eventbridge.Queue, n int) {
	for i := range n {
		q.Compare(&conversation.Conversation{ID: fmt.Sprintf("%d of %v", i, time.Now()), Start: time.Now()})
	}
}

// blind are the names of what is blind by its latest gap.
func blind(gaps []conversation.Gap) []string {
	open := map[string]bool{}
	names := []string{}
	for _, g := range gaps {
		open[g.Source] = g.To.IsZero()
	}
	for name, is := range open {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// listening runs a queue from which a message has come.
func listening(t *testing.T, w *world) (*eventbridge.Queue, *books) {
	t.Helper()
	q, b := w.source(), &books{}
	run(t, q, b.sink)
	w.queue.Send(envelope("c-1"))
	time.Sleep(time.Second)
	return q, b
}

// A11: a partner event source whose bus was deleted takes everything and
// delivers nothing.
func TestSilenceIsAGapWhenOthersHear(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		q, b := listening(t, w)
		quiet := time.Now()
		time.Sleep(20 * time.Minute)
		require.Empty(t, b.gapList(), "nobody hears anything at night")
		othersHear(q, 12)
		time.Sleep(2 * time.Minute)
		gaps := b.gapList()
		require.Len(t, gaps, 1)
		require.WithinDuration(t, quiet, gaps[0].From, time.Minute)
		require.Equal(t, []string{"eventbridge/events"}, blind(gaps))
		require.Contains(t, w.log.String(), "partner event source")
		w.queue.Send(envelope("c-2"))
		time.Sleep(2 * time.Minute)
		gaps = b.gapList()
		require.Len(t, gaps, 2)
		require.Equal(t, gaps[0].From, gaps[1].From)
		require.Empty(t, blind(gaps))
	})
}

// A message that is not understood comes again each minute for as long as the queue
// keeps it.
func TestWhatComesAgainIsNoSignThatTheQueueTellsAnything(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.queue = w.sqs.Queue("alone", genesystest.QueueAttributes{Visibility: time.Minute})
		q, b := listening(t, w)
		w.queue.Send([]byte("not understood"))
		for range 60 {
			time.Sleep(time.Minute)
			othersHear(q, 1)
		}
		require.Greater(t, q.Stats().Again, int64(30))
		require.Equal(t, []string{"eventbridge/events"}, blind(b.gapList()))
		w.queue.Send(envelope("c-2"))
		time.Sleep(2 * time.Minute)
		require.Empty(t, blind(b.gapList()))
	})
}

func TestAQueueThatCannotBeReadIsNotSilent(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		q, b := listening(t, w)
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "QueueDoesNotExist"})
		othersHear(q, 12)
		time.Sleep(20 * time.Minute)
		require.Equal(t, []string{"eventbridge"}, blind(b.gapList()))
		w.sqs.SetFaults(genesystest.SQSFaults{})
		time.Sleep(time.Hour) // at night
		require.Empty(t, blind(b.gapList()))
		require.NotContains(t, w.log.String(), "partner event source")
	})
}

// The queue that has taken the place of another need not be the target of a rule.
func TestSilenceAfterAnOutageIsAGapUntilAMessageComes(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		q, b := listening(t, w)
		quiet := time.Now()
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "QueueDoesNotExist"})
		othersHear(q, 200)
		time.Sleep(20 * time.Minute)
		w.sqs.SetFaults(genesystest.SQSFaults{})
		for range 2 * 60 {
			time.Sleep(time.Minute)
			othersHear(q, 1)
		}
		gaps := b.gapList()
		require.Equal(t, []string{"eventbridge/events"}, blind(gaps))
		require.WithinDuration(t, quiet, gaps[len(gaps)-1].From, time.Minute, "what came no more before the outage is missed, too")
		require.Equal(t, 1, w.log.count("partner event source"))
		w.queue.Send(envelope("c-2"))
		time.Sleep(2 * time.Minute)
		require.Empty(t, blind(b.gapList()))
		require.Len(t, b.gapList(), 4, "each has an end")
	})
}

// What cuts off polls now and then, as a proxy does, hides no silence.
func TestSilenceIsFoundThoughPollsFailNowAndThen(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var b books
		q := w.source()
		run(t, q, b.sink)
		w.queue.Send(envelope("c-1"))
		for range 6 {
			time.Sleep(4 * time.Minute)
			othersHear(q, 3)
			w.sqs.SetFaults(genesystest.SQSFaults{Error: "ServiceUnavailable", Status: 503})
			time.Sleep(time.Minute)
			w.sqs.SetFaults(genesystest.SQSFaults{})
		}
		require.Equal(t, []string{"eventbridge/events"}, blind(b.gapList()))
	})
}

func TestASourceThatIsSilentStaysBlindThroughAnOutage(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		q := w.source()
		store := memstore.New()
		tracker, err := convtrack.New(store, &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, q) }()
		health := func() convtrack.SourceHealth {
			all := tracker.Health(t.Context()).Sources
			require.Len(t, all, 1, "what the source announces is its own")
			return all["eventbridge"]
		}
		w.queue.Send(envelope("c-1"))
		last := time.Now()
		time.Sleep(time.Second)
		othersHear(q, 12)
		time.Sleep(time.Hour)
		require.Contains(t, health().Reason, "nothing comes through the queue")
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "ServiceUnavailable", Status: 503})
		time.Sleep(5 * time.Minute)
		require.Contains(t, health().Reason, "cannot be read")
		w.sqs.SetFaults(genesystest.SQSFaults{})
		time.Sleep(time.Hour)
		is := health()
		require.WithinDuration(t, last, is.BlindSince, time.Minute)
		require.Contains(t, is.Reason, "nothing comes through the queue")
		require.Zero(t, is.HeardSince)
		w.queue.Send(envelope("c-2"))
		time.Sleep(2 * time.Minute)
		is = health()
		require.Zero(t, is.BlindSince)
		require.NotZero(t, is.HeardSince)
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, store.Close())
	})
}
