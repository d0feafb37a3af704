package notifications_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

func TestTwoProcessesNeverTakeTheLastPlaceBoth(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		other := w.server.API()
		for range 19 {
			_, err := other.Call(t.Context(), request(http.MethodPost, "/api/v2/notifications/channels"))
			require.NoError(t, err)
		}
		var users []string
		for i := range 40 {
			users = append(users, fmt.Sprintf("u-%d", i))
		}
		w.kept.members("a", "b")
		undo := w.server.Faults().Requests(genesystest.RequestFault{Delay: time.Second})
		for _, name := range []string{"a", "b"} {
			src, err := notifications.New(notifications.Config{API: w.server.API(), Topics: notifications.UserTopics(users...), Tracked: as{w.kept, name}, DialContext: w.server.DialContext, Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- src.Run(ctx, w.heard.sink) }()
			t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
		}
		w.settle(time.Minute)
		undo()
		require.LessOrEqual(t, w.created(), 20)
	})
}
