package notifications

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func of(parts ...int) (s partitionSet) {
	for _, p := range parts {
		s.add(p)
	}
	return s
}

// takingOver takes over partitions 1 and 2 now, for which another process recorded a
// sign of life a minute ago. The result settles them, given when the other process
// last heard and whether they are heard here.
func takingOver(c *common) (ts takeovers, last time.Time, settle func(heard time.Time, here bool) (from, to []time.Time, settled bool)) {
	ts, last = takeovers{}, time.Now().Add(-time.Minute)
	ts.begin(1, sign{At: last}, true)
	ts.begin(2, sign{At: last}, true)
	return ts, last, func(heard time.Time, here bool) (from, to []time.Time, settled bool) {
		is := signs{{Owner: "me", At: time.Now(), Partitions: of(1, 2)}, {Owner: "other", At: heard, Partitions: of(1, 2)}}
		gaps, settled := ts.settle(is, c.peers("me"), func(int) bool { return here })
		for _, g := range gaps {
			from, to = append(from, g.From), append(to, g.To)
		}
		return from, to, settled
	}
}

func TestWhatTheOtherHeardUntilItWasHeardHereIsNoGap(t *testing.T) {
	for name, alive := range map[string][]string{"it goes on": {"me", "other"}, "it has stopped": {"me"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &common{alive: []string{"me", "other"}}
				ts, last, settle := takingOver(c)
				_, _, settled := settle(time.Now(), false)
				require.False(t, settled, "it is not heard here yet")
				time.Sleep(time.Second)
				gaps, _, settled := settle(last, true)
				require.Empty(t, gaps)
				require.False(t, settled, "the other has not said so yet")
				c.live(alive...)
				gaps, _, settled = settle(time.Now(), true)
				require.Empty(t, gaps)
				require.True(t, settled)
				require.Empty(t, ts)
			})
		})
	}
}

func TestWhatAProcessThatIsGoneDidNotHearIsAGapUntilItWasHeardHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts, last, settle := takingOver(&common{alive: []string{"me"}})
		heard := time.Now()
		gaps, _, settled := settle(last, true)
		require.Empty(t, gaps, "it may yet say what it heard last")
		require.False(t, settled)
		time.Sleep(recordSoon)
		from, to, settled := settle(last.Add(time.Second), true)
		require.True(t, settled)
		require.Equal(t, []time.Time{last.Add(time.Second)}, from, "once for all partitions, since it last heard")
		require.Equal(t, []time.Time{heard}, to)
		require.Empty(t, ts)
	})
}

func TestWhatAProcessThatIsThereDoesNotSayIsAGapAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts, _, settle := takingOver(&common{alive: []string{"me", "other"}})
		before := time.Now().Add(-time.Second)
		settle(before, true)
		heard := time.Now()
		for time.Since(heard) < fresh-recordSoon { // its last sign is fresh as long
			time.Sleep(recordSoon)
			_, _, settled := settle(before, true)
			require.False(t, settled)
		}
		time.Sleep(time.Until(heard.Add(confirmWithin)) + 1)
		from, to, settled := settle(before, true)
		require.True(t, settled)
		require.Equal(t, []time.Time{before}, from)
		require.Equal(t, []time.Time{heard}, to)
		require.Empty(t, ts)
	})
}

func TestATakeoverIsOpenUntilThePartitionIsHeardHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts, last, settle := takingOver(&common{alive: []string{"me"}})
		for range 10 {
			time.Sleep(time.Minute)
			_, _, settled := settle(last, false)
			require.False(t, settled)
		}
		require.Len(t, ts, 2)
	})
}
