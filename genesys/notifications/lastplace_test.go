package notifications_test

import (
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
		w.kept.members("a", "b")
		undo := w.server.Faults().Requests(genesystest.RequestFault{Delay: time.Second})
		for _, name := range []string{"a", "b"} {
			cancel, ended := w.open(notifications.Config{Topics: topicsOfUsers(40), Tracked: as{w.kept, name}}, w.heard.sink)
			t.Cleanup(func() { cancel(); require.NoError(t, <-ended) })
		}
		w.settle(time.Minute)
		undo()
		require.LessOrEqual(t, w.created(), 20)
	})
}
