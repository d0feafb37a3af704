package polling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawInterval draws an interval of up to two months.
func drawInterval(t *rapid.T) interval {
	from := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "from"))
	return interval{from, from.Add(time.Duration(rapid.Int64Range(1, int64(60*day/time.Millisecond)).Draw(t, "ms")) * time.Millisecond)}
}

func TestHalvesCoverTheWholeAndEndAtTheSmallestSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := drawInterval(t)
		smallest := whole.smallest()
		leaves := 0
		next := whole.from
		var divide func(i interval, depth int)
		divide = func(i interval, depth int) {
			require.Less(t, depth, 20)
			older, newer, ok := i.halves(smallest)
			if !ok {
				require.LessOrEqual(t, i.to.Sub(i.from), 2*smallest)
				require.True(t, i.from.Equal(next), "no time is left out and none comes twice")
				next = i.to
				leaves++
				return
			}
			require.False(t, older.empty() || newer.empty())
			require.True(t, older.to.Truncate(smallest).Equal(older.to), "the cut lies on the grid")
			divide(older, depth+1)
			divide(newer, depth+1)
		}
		divide(whole, 0)
		require.True(t, next.Equal(whole.to))
		require.LessOrEqual(t, leaves, 60*24+2)
	})
}
