package notifications_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/notifications"
)

// A process that does not reach the store seems to be gone, and its channels are taken
// over.
func TestAProcessWithoutTheStoreDoesNotFightForAChannelThatIsAnothersByNow(t *testing.T) {
	for name, lasts := range map[string]time.Duration{"for long": 30 * time.Minute, "until it is back": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				topics := topicsOfUsers(10)
				var down atomic.Bool
				w.kept.members("a")
				w.start(notifications.Config{Topics: topics, Tracked: refusing{as{w.kept, "a"}, &atomic.Int64{}, func(int64) bool { return down.Load() }}})
				a := w.source
				w.settle(10 * time.Minute)
				down.Store(true)
				w.kept.members("b")
				w.startAs("b", topics)
				b := w.source
				w.settle(lasts)
				down.Store(false)
				w.kept.members("a", "b")
				w.settle(30*time.Minute - lasts)
				require.LessOrEqual(t, b.Stats().Reconnects, int64(3))
				require.Equal(t, 1, a.Stats().Listening)
				require.Equal(t, 1, b.Stats().Listening)
				require.Equal(t, 2, w.created())
				require.Zero(t, w.unheard(len(topics)))
			})
		})
	}
}

func TestAProcessWithoutTheStoreNeedsNoNewChannelEachTime(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var down atomic.Bool
		w.kept.members("a")
		w.start(notifications.Config{Topics: callTopics, Tracked: refusing{as{w.kept, "a"}, &atomic.Int64{}, func(int64) bool { return down.Load() }}})
		w.settle(10 * time.Minute)
		down.Store(true)
		for range 30 {
			w.settle(5 * time.Minute)
			w.server.Faults().CutSockets()
		}
		w.settle(5 * time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
		require.LessOrEqual(t, w.created(), 2)
	})
}
