package convtrack_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

func TestASourceThatFailsForGoodEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		other := sourceFunc(func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return ctx.Err() })
		failing := sourceFunc(func(context.Context, conversation.Sink) error { return errors.New("revoked") })
		err = tracker.Run(t.Context(), other, failing)
		var failed *convtrack.SourceError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "revoked")
	})
}

func TestASourceThatPanicsEndsRun(t *testing.T) {
	for name, source := range map[string]sourceFunc{
		"panic":  func(context.Context, conversation.Sink) error { panic("bad") },
		"goexit": func(context.Context, conversation.Sink) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
				require.NoError(t, err)
				var failed *convtrack.SourceError
				require.ErrorAs(t, tracker.Run(t.Context(), source), &failed)
			})
		})
	}
}

type sourceFunc func(context.Context, conversation.Sink) error

func (f sourceFunc) Run(ctx context.Context, sink conversation.Sink) error { return f(ctx, sink) }

func TestAGapIsToldToTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gaps []conversation.Gap
		r := start(t, events.NewHooks(), func(c *convtrack.Config) { c.OnGap = func(g conversation.Gap) { gaps = append(gaps, g) } })
		gap := conversation.Gap{Source: "notifications", From: time.Now(), To: time.Now().Add(time.Minute), Reason: "socket closed"}
		require.NoError(t, r.Observe(t.Context(), conversation.Update{Gap: &gap}))
		require.Equal(t, []conversation.Gap{gap}, gaps)
		require.EqualValues(t, 1, r.Stats().Gaps)
	})
}

func TestTheLogSaysOfASourceThatIsDeafOrNewThatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := start(t, events.NewHooks(), func(c *convtrack.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		require.NoError(t, r.Observe(t.Context(), conversation.Update{Gap: &conversation.Gap{Source: "new", To: time.Now()}}))
		require.NoError(t, r.Observe(t.Context(), conversation.Update{Gap: &conversation.Gap{Source: "deaf", From: time.Now()}}))
		require.Contains(t, log.String(), `source=new from="never heard before" to=2000`)
		require.Contains(t, log.String(), `source=deaf from=2000-01-01T00:00:00.000Z to="still blind"`)
	})
}

func TestABadConfigurationIsExplained(t *testing.T) {
	_, err := convtrack.New(nil, nil)
	require.ErrorContains(t, err, "memstore.New()")
	_, err = convtrack.New(memstore.New(), &convtrack.Config{BatchSize: -1})
	require.ErrorContains(t, err, "Config.BatchSize is -1")
	_, err = convtrack.New(memstore.New(), &convtrack.Config{Lease: time.Millisecond})
	require.ErrorContains(t, err, "Config.Lease")
	for _, name := range []string{"pod-\xff", "pod\x00"} { // the list of members is JSON, in a database
		_, err = convtrack.New(memstore.New(), &convtrack.Config{Instance: name})
		require.ErrorContains(t, err, "Config.Instance is no text")
	}
}

func TestWhoObservesIsToldThatRunCouldNotBeginAndItMayBeCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(storetest.Faulty(memstore.New(), storetest.Fault{Method: "Release", Times: 1}), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		s := genesystest.BlindTransferToQueue()
		update := conversation.Update{Conversations: decode(t, s.Snapshots()[0])}
		waiting := make(chan error, 1)
		go func() { waiting <- tracker.Observe(t.Context(), update) }()
		synctest.Wait()
		require.ErrorIs(t, tracker.Run(t.Context()), storetest.ErrFault)
		require.ErrorIs(t, <-waiting, storetest.ErrFault)

		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx) }()
		synctest.Wait()
		require.NoError(t, tracker.Observe(t.Context(), update))
		stop()
		require.NoError(t, <-ended)
	})
}

func TestABlindnessIsOneGapFromItsBeginningToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, events.NewHooks())
		from := time.Now()
		for _, g := range []conversation.Gap{{Source: "socket", From: from, Reason: "silent"}, {Source: "socket", From: from, Reason: "evicted"},
			{Source: "socket", From: from, To: from.Add(time.Minute), Reason: "listening again"}} {
			require.NoError(t, r.Observe(t.Context(), conversation.Update{Gap: &g}))
		}
		require.EqualValues(t, 1, r.Health(t.Context()).Sources["socket"].Gaps)
		require.EqualValues(t, 1, r.Stats().Gaps)
	})
}

type namedSource string

func (s namedSource) String() string { return string(s) }

func (namedSource) Run(context.Context, conversation.Sink) error { return nil }

func TestTwoSourcesOfOneNameAreRefused(t *testing.T) {
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
	require.NoError(t, err)
	require.ErrorContains(t, tracker.Run(t.Context(), namedSource("socket"), namedSource("queue"), namedSource("socket")), "both called socket")
}
