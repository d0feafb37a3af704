package notifications_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Clocks of processes may be up to a minute apart.
func TestAClockThatIsALittleAheadHidesNoBlindness(t *testing.T) {
	for _, ahead := range []time.Duration{0, 5 * time.Second, 10 * time.Second, 30 * time.Second, 55 * time.Second} {
		t.Run(fmt.Sprint(ahead), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.kept.members("a")
				_, kill := w.startAs("a", callTopics)
				w.settle(10 * time.Minute)
				kill()
				killed := time.Now()
				w.kept.date(t, killed.Add(ahead))
				w.settle(2 * time.Second)
				gaps := len(w.heard.closed())
				w.kept.members("b")
				_, _ = w.startAs("b", callTopics)
				w.settle(5 * time.Minute)
				missed := w.heard.closed()[gaps:]
				require.Len(t, missed, 1)
				require.False(t, missed[0].From.After(killed), "killed %v, gap from %v", killed, missed[0].From)
				require.True(t, missed[0].To.After(killed.Add(time.Second)))
				require.WithinDuration(t, killed, missed[0].From, time.Minute)
			})
		})
	}
}

// While its lease lasts, a process that was killed looks as if it were alive and heard.
func TestAClockThatIsALittleAheadDoesNotProveThatATakeoverMissedNothing(t *testing.T) {
	for _, ahead := range []time.Duration{0, 5 * time.Second, 30 * time.Second, 55 * time.Second} {
		t.Run(fmt.Sprint(ahead), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				topics := topicsOfUsers(40)
				w.kept.members("a")
				_, kill := w.startAs("a", topics)
				w.settle(10 * time.Minute)
				kill()
				killed := time.Now()
				w.kept.date(t, killed.Add(ahead))
				w.settle(2 * time.Second)
				gaps := len(w.heard.closed())
				w.kept.members("a", "b")
				w.startAs("b", topics)
				hears := time.Now()
				w.settle(5 * time.Minute)
				missed := w.heard.closed()[gaps:]
				require.Len(t, missed, 1)
				require.False(t, missed[0].From.After(killed), "killed %v, gap from %v", killed, missed[0].From)
				require.WithinDuration(t, killed, missed[0].From, time.Minute)
				require.WithinDuration(t, hears, missed[0].To, 2*time.Second)
			})
		})
	}
}
