package polling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWhatTheStoreRefusesIsLeftOutOnlyWhileItTakesOthers has it refuse a conversation
// every twenty seconds.
func TestWhatTheStoreRefusesIsLeftOutOnlyWhileItTakesOthers(t *testing.T) {
	const every = 20 * time.Second
	bad := part{"surveys", "bad"}
	for name, is := range map[string]struct {
		takes   func(o *outliers, n int, now time.Time)
		leftOut bool
	}{
		"it takes nothing": {takes: func(*outliers, int, time.Time) {}},
		"it takes others":  {func(o *outliers, _ int, now time.Time) { o.succeeded(part{"details", "good"}, now) }, true},
		"it takes others at times": {func(o *outliers, n int, now time.Time) {
			if n%3 == 0 {
				o.succeeded(part{"details", "good"}, now)
			}
		}, true},
		"it has taken others before": {takes: func(o *outliers, n int, now time.Time) {
			if n == 0 {
				o.succeeded(part{"details", "good"}, now.Add(-every))
			}
		}},
		"it takes the record of the same one": {takes: func(o *outliers, _ int, now time.Time) { o.succeeded(part{"details", "bad"}, now) }},
		"it takes others, and the record of the same one": {func(o *outliers, _ int, now time.Time) {
			o.succeeded(part{"details", "good"}, now)
			o.succeeded(part{"details", "bad"}, now)
		}, true},
		"it takes it in between": {takes: func(o *outliers, n int, now time.Time) {
			o.succeeded(part{"details", "good"}, now)
			if n%3 == 2 {
				o.succeeded(bad, now)
			}
		}},
		"it is down in between": {takes: func(o *outliers, n int, now time.Time) {
			o.succeeded(part{"details", "good"}, now)
			if n%3 == 2 {
				o.clear()
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o, now, ever := newOutliers(leftOutAfter), time.Unix(1e9, 0), false
			for n := range 30 {
				is.takes(o, n, now)
				leftOut := o.failed(bad, now)
				require.False(t, leftOut && time.Duration(n)*every < leftOutAfter, "not at once")
				ever = ever || leftOut
				now = now.Add(every)
			}
			require.Equal(t, is.leftOut, ever)
		})
	}
}

// A store that is back takes one of a page and refused another just before.
func TestWhatTheStoreRefusedWhileItRefusedEverythingIsNotLeftOutWhenItIsBack(t *testing.T) {
	o, now := newOutliers(leftOutAfter), time.Unix(1e9, 0)
	o.succeeded(part{"details", "c-1"}, now)
	for range 100 {
		now = now.Add(3 * time.Second)
		require.False(t, o.failed(part{"details", "c-2"}, now))
	}
	o.succeeded(part{"details", "c-3"}, now)
	require.False(t, o.failed(part{"details", "c-2"}, now))
}

func TestWhatTheStoreRefusesNoMoreIsForgotten(t *testing.T) {
	o, now := newOutliers(leftOutAfter), time.Unix(1e9, 0)
	o.failed(part{"details", "c-1"}, now)
	o.failed(part{"details", "c-2"}, now.Add(mostApart))
	require.Len(t, o.failures, 2)
	o.failed(part{"details", "c-2"}, now.Add(mostApart+1))
	require.Len(t, o.failures, 1)
}
