package polling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLossesAreLeftOutOfAnIntervalAndNothingElseIs(t *testing.T) {
	at := func(minute int) time.Time { return time.Unix(0, 0).Add(time.Duration(minute) * time.Minute) }
	rapid.Check(t, func(t *rapid.T) {
		l := newLosses()
		lost := map[int]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "losses") {
			from := rapid.IntRange(0, 50).Draw(t, "from")
			to := from + rapid.IntRange(1, 10).Draw(t, "length")
			l.add(interval{at(from), at(to)})
			for m := from; m < to; m++ {
				lost[m] = true
			}
		}
		left := map[int]bool{}
		var last time.Time
		for _, i := range l.except(interval{at(5), at(55)}) {
			require.False(t, i.empty() || i.from.Before(last))
			last = i.to
			for m := range 70 {
				if i.holds(at(m)) {
					require.False(t, left[m])
					left[m] = true
				}
			}
		}
		for m := range 70 {
			require.Equal(t, m >= 5 && m < 55 && !lost[m], left[m], "minute %d", m)
		}
	})
}
