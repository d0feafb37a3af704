package notifications_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

var _ convtrack.HealthReporter = (*notifications.Source)(nil)

func TestHealthSaysSinceWhenItHearsAndSinceWhenItDoesNot(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		began := time.Now()
		w.start(notifications.Config{Topics: callTopics})
		w.settle(10 * time.Minute)
		is := w.source.Health()
		require.WithinDuration(t, began, is.HeardSince, 10*time.Second)
		require.Zero(t, is.BlindSince)
		require.Equal(t, time.UTC, is.HeardSince.Location())
		require.Positive(t, is.API.Remaining)
		w.demandHeard(len(callTopics), len(callTopics))

		broke := time.Now()
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusServiceUnavailable})
		w.server.Faults().CutSockets()
		w.settle(5 * time.Minute)
		is = w.source.Health()
		require.Zero(t, is.HeardSince)
		require.WithinDuration(t, broke, is.BlindSince, time.Minute)
		require.NotEmpty(t, is.Reason)
		w.demandHeard(0, len(callTopics))
		require.Zero(t, is.Left, "there is room")
		undo()
		w.settle(5 * time.Minute)
		is = w.source.Health()
		require.Zero(t, is.BlindSince)
		require.True(t, is.HeardSince.After(broke.Add(5*time.Minute)))
	})
}

// demandHeard demands that the source says how many topics it hears, and how many it
// wants to hear.
func (w *world) demandHeard(heard, wanted int) {
	w.t.Helper()
	is := w.source.Health()
	require.Equal(w.t, heard, is.Heard)
	require.Equal(w.t, wanted, is.Wanted, "heard, refused or left")
}

func TestHealthNamesThePermissionThatIsMissingToFindWhomToFollow(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		forbid := func() func() {
			return w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusForbidden,
				Match: func(_, path string) bool { return path == "/api/v2/routing/queues" }})
		}
		w.start(notifications.Config{Follow: &directory.Selection{Queues: directory.All()}, FollowEvery: time.Minute})
		w.settle(time.Minute)
		require.Empty(t, w.source.Health().RefusedReads)
		undo := forbid()
		w.settle(5 * time.Minute)
		is := w.source.Health()
		require.Len(t, is.RefusedReads, 1)
		require.Zero(t, is.BlindSince, "those whom it found are followed")
		undo()
		w.settle(5 * time.Minute)
		require.Empty(t, w.source.Health().RefusedReads)
	}, genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "Service"}))
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError})
		began := time.Now()
		w.start(notifications.Config{Follow: &directory.Selection{Queues: directory.All()}})
		w.settle(5 * time.Minute)
		is := w.source.Health()
		require.WithinDuration(t, began, is.BlindSince, time.Minute)
		require.Contains(t, is.Reason, "500")
	})
}
