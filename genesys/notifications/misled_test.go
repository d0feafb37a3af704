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

// TestChannelsOfWhichSomebodySaysThatTheyAreNotFoundAreUsedAgainWhenThereIsNoRoom has a
// proxy answer 404 to everything, so that half of what the platform allows is doubted.
func TestChannelsOfWhichSomebodySaysThatTheyAreNotFoundAreUsedAgainWhenThereIsNoRoom(t *testing.T) {
	for name, stored := range map[string]bool{"with a store": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				config := notifications.Config{Topics: topicsOfUsers(22), TopicsPerChannel: 2, MaxChannels: 11}
				if stored {
					config.Tracked = w.kept
				}
				w.start(config)
				w.settle(10 * time.Minute)
				require.Equal(t, 11, w.source.Stats().Listening)
				for range 3 {
					undo := w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, p string) bool { return p != "/oauth/token" }, Status: http.StatusNotFound})
					w.server.Faults().CutSockets()
					w.settle(10 * time.Minute)
					require.Zero(t, w.source.Stats().Listening)
					undo()
					w.settle(time.Hour)
					require.Equal(t, 11, w.source.Stats().Listening)
					require.LessOrEqual(t, w.created(), notifications.MostChannels)
				}
				require.Zero(t, w.unheard(22))
			})
		})
	}
}

// TestAChannelThatWasTakenFromThisProcessIsUsedAgainWhenThereIsNoRoom has the platform
// say so, or that the token is revoked, of channels that others need no longer.
func TestAChannelThatWasTakenFromThisProcessIsUsedAgainWhenThereIsNoRoom(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: topicsOfUsers(22), TopicsPerChannel: 2, MaxChannels: 11})
		w.settle(10 * time.Minute)
		w.server.Faults().RevokeTokens(true)
		w.settle(time.Hour)
		require.Equal(t, 11, w.source.Stats().Listening)
		require.Equal(t, notifications.MostChannels, w.created())
		require.Zero(t, w.unheard(22))
	})
}
