package notifications_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/notifications"
)

// Of two processes that hear a topic for which a third is responsible, neither gives it
// up because of the other.
func TestTopicsAreHandedOverOnlyToTheProcessThatIsResponsible(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a")
		w.startAs("a", topics)
		w.settle(10 * time.Minute)
		w.kept.members("a", "b")
		w.startAs("b", topics)
		w.settle(30 * time.Second) // a has not given any up yet
		w.startWithoutAChannel("c", topics, "a", "b", "c")
		w.settle(10 * time.Minute)
		require.Zero(t, w.unheard(len(topics)))
	})
}

// The last sign of life of a process that has given topics up is there until its next.
func TestTopicsAreNotHandedOverToAProcessThatHasGivenThemUp(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a")
		var down atomic.Bool
		a := refusing{as{w.kept, "a"}, &atomic.Int64{}, func(int64) bool { return down.Load() }}
		w.start(notifications.Config{Topics: topics, Tracked: a})
		first := w.source
		w.settle(10 * time.Minute)
		w.kept.members("a", "b")
		w.startAs("b", topics)
		for first.Stats().Topics == len(topics) { // until it gives some up to b
			w.settle(time.Second)
		}
		down.Store(true)
		w.settle(10 * time.Second)
		w.startWithoutAChannel("c", topics, "a", "b", "c")
		w.settle(10 * time.Minute)
		require.Zero(t, w.unheard(len(topics)))
	})
}

// startWithoutAChannel lets one more process start, for which there is no channel left:
// those before have one each.
func (w *world) startWithoutAChannel(name string, topics []string, members ...string) {
	other := w.server.API()
	for range notifications.MostChannels - (len(members) - 1) {
		_, err := other.Call(w.t.Context(), request(http.MethodPost, "/api/v2/notifications/channels"))
		require.NoError(w.t, err)
	}
	w.kept.members(members...)
	w.startAs(name, topics)
}
