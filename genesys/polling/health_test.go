package polling_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

var _ convtrack.HealthReporter = (*polling.Source)(nil)

// The health of the client is part of the health of the source.
func (a *tap) Health() conversation.APIHealth { return *genesys.APIHealth(a.API) }

func under(prefix string) func(method, path string) bool {
	return func(_, path string) bool { return strings.HasPrefix(path, prefix) }
}

func TestHealthSaysSinceWhenItHearsAndUpToWhenItHasRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		began := time.Now()
		w.start(polling.Config{})
		w.waiting("c-1")
		w.settle(10 * time.Minute)
		is := w.source.Health()
		require.WithinDuration(t, began, is.HeardSince, time.Second)
		require.Zero(t, is.BlindSince)
		require.WithinDuration(t, time.Now(), is.LastHeard, time.Minute)
		require.WithinDuration(t, time.Now(), is.ReadUpTo, time.Minute)
		require.True(t, is.Leads)
		require.Equal(t, 1, is.Followed)
		require.Zero(t, is.RepairingSince)
		require.Positive(t, is.API.Allowed)
		require.Positive(t, is.API.Remaining)
		require.Equal(t, time.UTC, is.ReadUpTo.Location())
	})
}

func TestHealthSaysSinceWhenThePlatformDoesNotAnswerAndThatItDoesAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{})
		w.settle(10 * time.Minute)
		began := time.Now()
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError})
		w.settle(2 * time.Minute)
		is := w.source.Health()
		require.Zero(t, is.HeardSince)
		require.WithinDuration(t, began, is.BlindSince, time.Minute)
		require.Contains(t, is.Reason, "500")
		require.WithinDuration(t, began, is.ReadUpTo, time.Minute, "it is behind")
		undo()
		w.settle(3 * time.Minute)
		is = w.source.Health()
		require.Zero(t, is.BlindSince)
		require.Empty(t, is.Reason)
		require.WithinDuration(t, time.Now(), is.HeardSince, 3*time.Minute)
	})
}

// A call that has to wait returns no error, so nothing else would show it.
func TestHealthSaysThatCallsPauseUntilWhenAndWhy(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{})
		w.settle(10 * time.Minute)
		began := time.Now()
		w.server.Faults().TooManyRequests(1, 20*time.Minute)
		w.settle(5 * time.Minute)
		is := w.source.Health()
		require.WithinDuration(t, began.Add(20*time.Minute), is.API.PausedUntil, time.Minute)
		require.WithinDuration(t, began, is.API.PausedSince, time.Minute)
		require.Contains(t, is.API.PauseReason, "429")
		require.Zero(t, is.API.Remaining)
		require.Equal(t, int64(1), is.API.Throttled)
		require.WithinDuration(t, began, is.BlindSince, time.Minute)
		require.Contains(t, is.Reason, "429")
		w.settle(20 * time.Minute)
		is = w.source.Health()
		require.Zero(t, is.BlindSince)
		require.Zero(t, is.API.PausedUntil)
		require.Empty(t, is.API.PauseReason)
	})
}

func TestHealthNamesThePermissionsThatAreMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{LateAfter: []time.Duration{time.Hour}})
		w.server.Faults().Requests(genesystest.RequestFault{Match: under("/api/v2/conversations/"), Status: http.StatusForbidden})
		w.waiting("c-1")
		w.waiting("c-2")
		w.waiting("c-3")
		w.settle(10 * time.Minute)
		w.gap(time.Now().Add(-time.Minute))
		w.settle(10 * time.Minute)
		refused := w.source.Health().RefusedReads
		require.Len(t, refused, 1)
		require.Equal(t, "live conversations", refused[0].Read)
		require.Equal(t, []string{"conversation:communication:view"}, refused[0].MissingPermissions)
		require.True(t, refused[0].Until.After(time.Now()))
		require.Zero(t, w.source.Health().BlindSince, "the rest is read")
	})
}

func TestHealthNamesThePermissionWithoutWhichNothingIsRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		log := slog.New(slog.NewTextHandler(&w.log, nil))
		tracker, err := convtrack.New(w.store, &convtrack.Config{Logger: log})
		require.NoError(t, err)
		source, err := polling.New(polling.Config{API: w.server.API(), Tracked: tracker, Logger: log})
		require.NoError(t, err)
		w.server.Faults().Requests(genesystest.RequestFault{Match: under("/api/v2/analytics/"), Status: http.StatusForbidden})
		require.Error(t, tracker.Run(t.Context(), source))
		is := tracker.Health(t.Context())
		require.Equal(t, []string{"analytics:conversationDetail:view"}, is.Sources["polling"].MissingPermissions)
		require.Contains(t, is.Sources["polling"].Failed, "analytics:conversationDetail:view")
		require.False(t, is.Sources["polling"].BlindSince.IsZero())
	})
}

func TestHealthSaysThatAGapIsBeingRepaired(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(still)
		w.settle(time.Minute)
		from := time.Now()
		w.waiting("c-1")
		w.server.Faults().Requests(genesystest.RequestFault{Match: under("/api/v2/analytics/"), Status: http.StatusInternalServerError})
		w.gap(from)
		w.settle(10 * time.Second)
		require.WithinDuration(t, from, w.source.Health().RepairingSince, time.Second)
	})
}
