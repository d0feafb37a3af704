package monotonic

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesOnlyGrowWhateverTheClockSays(t *testing.T) {
	var c Clock
	at := time.Date(2026, 3, 2, 12, 0, 0, 123_456_789, time.FixedZone("far away", 9*3600))
	last := time.Time{}
	for _, now := range []time.Time{at, at, at.Add(time.Nanosecond), at.Add(-time.Hour), at.Add(time.Second)} {
		is := c.After(now)
		require.True(t, is.After(last))
		require.Equal(t, is, is.UTC().Truncate(time.Microsecond))
		last = is
	}
	require.Equal(t, at.Add(time.Second).UTC().Truncate(time.Microsecond), last, "and are those of the clock as soon as they can be")
}

func TestNoTwoTimesAreAlike(t *testing.T) {
	var c Clock
	var seen sync.Map
	var all sync.WaitGroup
	now := time.Now()
	for range 8 {
		all.Go(func() {
			for range 100 {
				if _, twice := seen.LoadOrStore(c.After(now), true); twice {
					t.Error("a time was returned twice")
				}
			}
		})
	}
	all.Wait()
}
