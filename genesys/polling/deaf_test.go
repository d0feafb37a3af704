package polling_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// TestADeafChannelIsFoundByWhatThePollerReadsSaidAndReplaced is C7 of the
// protocol's section 2.8 with both sources in one tracker.
func TestADeafChannelIsFoundByWhatThePollerReadsSaidAndReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		var gaps []conversation.Gap
		tracker, err := convtrack.New(w.store, &convtrack.Config{Logger: log, OnGap: func(g conversation.Gap) { gaps = append(gaps, g) }})
		require.NoError(t, err)
		socket, err := notifications.New(notifications.Config{API: w.server.API(), Tracked: tracker, Logger: log, DialContext: w.server.DialContext,
			Topics: append(notifications.QueueTopics("q-1"), notifications.UserTopics("u-1")...)})
		require.NoError(t, err)
		poller, err := polling.New(polling.Config{API: w.server.API(), Tracked: tracker, Logger: log, Beside: socket, JobsEvery: -1, LateAfter: []time.Duration{}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, socket, poller) }()
		w.tracker, w.source = tracker, poller
		answered := func(id string) {
			s := genesystest.NewStory(id)
			s.Customer("cust", 0)
			s.Agent("agent", 0, "u-1", "q-1").Answer(time.Second)
			w.server.Play(s)
		}
		w.settle(time.Minute)
		answered("c-1")
		w.settle(5 * time.Minute)
		require.Equal(t, conversation.StatusActive, w.status("c-1"))
		require.Zero(t, socket.Stats().Deaf)

		require.NotZero(t, w.server.Faults().DeafenChannels())
		w.settle(time.Minute)
		deaf := time.Now()
		answered("c-2")
		for n := 0; socket.Stats().Deaf == 0 && time.Since(deaf) < time.Hour; n++ {
			w.settle(time.Minute)
			if n%5 == 4 {
				answered(fmt.Sprintf("c-later-%d", n))
			}
		}
		require.Equal(t, int64(1), socket.Stats().Deaf)
		t.Logf("found after %v", time.Since(deaf))
		require.Less(t, time.Since(deaf), 15*time.Minute)
		w.settle(time.Minute)
		require.True(t, slices.ContainsFunc(gaps, func(g conversation.Gap) bool { return !g.From.IsZero() && g.From.Before(deaf) }), "the host is told: %v", gaps)
		answered("c-3")
		w.settle(3 * time.Second)
		require.Equal(t, conversation.StatusActive, w.status("c-3"), "the new channel tells")
		cancel()
		require.NoError(t, <-ended)
	})
}
