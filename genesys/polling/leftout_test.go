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
		takes   func(u *unstored, n int, now time.Time)
		leftOut bool
	}{
		"it takes nothing": {takes: func(*unstored, int, time.Time) {}},
		"it takes others":  {func(u *unstored, _ int, now time.Time) { u.stored(part{"details", "good"}, now) }, true},
		"it takes others at times": {func(u *unstored, n int, now time.Time) {
			if n%3 == 0 {
				u.stored(part{"details", "good"}, now)
			}
		}, true},
		"it has taken others before": {takes: func(u *unstored, n int, now time.Time) {
			if n == 0 {
				u.stored(part{"details", "good"}, now.Add(-every))
			}
		}},
		"it takes the record of the same one": {takes: func(u *unstored, _ int, now time.Time) { u.stored(part{"details", "bad"}, now) }},
		"it takes others, and the record of the same one": {func(u *unstored, _ int, now time.Time) {
			u.stored(part{"details", "good"}, now)
			u.stored(part{"details", "bad"}, now)
		}, true},
		"it takes it in between": {takes: func(u *unstored, n int, now time.Time) {
			u.stored(part{"details", "good"}, now)
			if n%3 == 2 {
				u.stored(bad, now)
			}
		}},
		"it is down in between": {takes: func(u *unstored, n int, now time.Time) {
			u.stored(part{"details", "good"}, now)
			if n%3 == 2 {
				u.clear()
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			u, now, ever := newUnstored(), time.Unix(1e9, 0), false
			for n := range 30 {
				is.takes(u, n, now)
				leftOut := u.refused(bad, now)
				require.False(t, leftOut && time.Duration(n)*every < refusesFor, "not at once")
				ever = ever || leftOut
				now = now.Add(every)
			}
			require.Equal(t, is.leftOut, ever)
		})
	}
}

// A store that is back takes one of a page and refused another just before.
func TestWhatTheStoreRefusedWhileItRefusedEverythingIsNotLeftOutWhenItIsBack(t *testing.T) {
	u, now := newUnstored(), time.Unix(1e9, 0)
	u.stored(part{"details", "c-1"}, now)
	for range 100 {
		now = now.Add(3 * time.Second)
		require.False(t, u.refused(part{"details", "c-2"}, now))
	}
	u.stored(part{"details", "c-3"}, now)
	require.False(t, u.refused(part{"details", "c-2"}, now))
}

func TestWhatTheStoreRefusesNoMoreIsForgotten(t *testing.T) {
	u, now := newUnstored(), time.Unix(1e9, 0)
	u.refused(part{"details", "c-1"}, now)
	u.refused(part{"details", "c-2"}, now.Add(mostApart))
	require.Len(t, u.times, 2)
	u.refused(part{"details", "c-2"}, now.Add(mostApart+1))
	require.Len(t, u.times, 1)
}
