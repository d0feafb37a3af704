package notifications_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/notifications"
)

// crowd is a configuration with which the users fill most channels.
func crowd(w *world, name string) notifications.Config {
	return notifications.Config{Topics: topicsOfUsers(600), TopicsPerChannel: 40, Tracked: as{w.kept, name}}
}

func TestChannelsAreGivenBackToAProcessThatTakesTopicsOver(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.kept.members("a")
		w.start(crowd(w, "a"))
		a := w.source
		w.settle(10 * time.Minute)
		require.Equal(t, 15, a.Stats().Listening)
		gaps := len(w.heard.all())
		w.kept.members("a", "b")
		w.start(crowd(w, "b"))
		b := w.source
		w.settle(10 * time.Minute)
		for _, s := range []*notifications.Source{a, b} {
			require.Zero(t, s.Health().BlindSince)
			is := s.Stats()
			require.Equal(t, is.Channels, is.Listening)
			require.Equal(t, (is.Topics+39)/40, is.Channels)
			require.Zero(t, is.Reconnects)
		}
		require.Equal(t, 600, a.Stats().Topics+b.Stats().Topics)
		require.LessOrEqual(t, w.created(), notifications.MostChannels)
		require.Len(t, w.heard.all(), gaps, "whoever gave a channel back heard its topics over another one before")
		require.Zero(t, w.unheard(600))
	})
}

func TestAProcessThatGaveChannelsBackTakesThemAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.kept.members("a")
		w.start(crowd(w, "a"))
		a := w.source
		w.settle(10 * time.Minute)
		for range 3 {
			w.kept.members("a", "b")
			stop := w.start(crowd(w, "b"))
			w.settle(10 * time.Minute)
			require.Less(t, a.Stats().Channels, 10)
			stop()
			w.kept.members("a")
			w.settle(5 * time.Minute)
			require.Equal(t, 15, a.Stats().Listening)
			require.Zero(t, a.Health().BlindSince)
		}
		require.LessOrEqual(t, w.created(), notifications.MostChannels)
		require.Zero(t, w.unheard(600))
	})
}

// A part of the topics is handed over only as a whole, so a process that has few channels
// may take too few topics for the other one to give a channel back.
func TestAProcessIsNotBlindToTopicsThatAnotherHears(t *testing.T) {
	for _, topics := range []int{36, 2 * notifications.MostChannels} {
		t.Run(fmt.Sprint(topics), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				config := notifications.Config{Topics: topicsOfUsers(topics), TopicsPerChannel: 2, Tracked: as{w.kept, "a"}}
				w.kept.members("a")
				stop := w.start(config)
				w.settle(10 * time.Minute)
				require.Equal(t, topics/2, w.source.Stats().Listening)
				w.kept.members("a", "b")
				config.Tracked = as{w.kept, "b"}
				w.start(config)
				w.settle(10 * time.Minute)
				require.Zero(t, w.source.Health().BlindSince)
				require.Zero(t, w.unheard(topics))
				w.server.Faults().Requests(allFail)
				undo := w.kept.freeze() // it is killed, and its lease lasts
				stop()
				undo()
				w.settle(3 * time.Minute)
				is := w.source.Stats()
				require.Equal(t, is.Listening < is.Channels, !w.source.Health().BlindSince.IsZero(), "nobody hears them any more")
			})
		})
	}
}
