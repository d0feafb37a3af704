package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestItIsNotReadyBeforeTheTrackerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), nil)
		require.NoError(t, err)
		r := &readiness{glance: &glance{tracker: tracker}, sources: &sources{}}
		require.Equal(t, []obstacle{{"tracker", "it has not begun to run"}}, r.obstacles(t.Context()))

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx) }()
		time.Sleep(2 * glanceEvery)
		require.Empty(t, r.obstacles(t.Context()))
		cancel()
		require.NoError(t, <-ended)
	})
}
