package polling_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/polling"
)

func TestProcessesShareTheOpenConversationsAndTakeThemOver(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		config := polling.Config{DiscoverEvery: 10 * time.Minute, FollowEvery: 10 * time.Minute}
		stopFirst := w.start(config)
		const open = 24
		for i := range open {
			w.waiting(fmt.Sprintf("c-%02d", i))
		}
		w.settle(2 * time.Hour) // what does not change is read less and less often
		first := w.source
		sources := []*polling.Source{first}
		work := func() (followed []float64, all, discovered float64) {
			var before []polling.Stats
			for _, s := range sources {
				before = append(before, s.Stats())
			}
			began := time.Now()
			w.settle(4 * time.Hour)
			discovered = float64(len(w.requests("/api/v2/analytics/conversations/details/query", began)))
			for i, s := range sources {
				followed = append(followed, float64(s.Stats().Followed-before[i].Followed))
				all += followed[i]
			}
			return followed, all, discovered
		}
		_, alone, discovered := work()
		require.Greater(t, alone, float64(open))

		w.start(config)
		w.settle(20 * time.Minute)
		sources = append(sources, w.source)
		each, all, found := work()
		require.InEpsilon(t, alone, all, 0.1, "each conversation is read by one process")
		require.InEpsilon(t, discovered, found, 0.1, "one process discovers")
		for _, n := range each {
			require.Greater(t, n, alone/8, "all have a share: %v", each)
		}

		stopFirst()
		w.settle(20 * time.Minute)
		sources = sources[1:]
		_, all, found = work()
		require.InEpsilon(t, alone, all, 0.1, "the one that is left reads all")
		require.InEpsilon(t, discovered, found, 0.1)
		w.call("late")
		w.settle(time.Hour)
		require.Equal(t, conversation.StatusEnded, w.status("late"))
	})
}
