package notifications_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

func TestAHandshakeThatIsNotFoundDoesNotUseUpTheChannelsThatThePlatformKnows(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusBadGateway} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: callTopics})
				w.settle(10 * time.Minute)
				undo := w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, p string) bool { return p == "/channels/{id}" }, Status: status})
				w.server.Faults().CutSockets()
				w.settle(time.Hour)
				require.Zero(t, w.source.Stats().Listening)
				require.Equal(t, 1, w.created())
				undo()
				w.settle(time.Minute)
				require.Equal(t, 1, w.source.Stats().Listening)
			})
		})
	}
}
