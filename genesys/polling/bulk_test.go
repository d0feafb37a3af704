//go:build !race

// Thousands of conversations take minutes under the race detector, which watches
// the same code in the other tests; make test runs both.

package polling_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// TestAThousandOpenConversationsAreRepairedWithinEightMinutesOnHalfOfTheBudget
// is the promise for an organisation of 300 requests a minute.
func TestAThousandOpenConversationsAreRepairedWithinEightMinutesOnHalfOfTheBudget(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}})
		for i := range 1000 {
			w.waiting(fmt.Sprintf("c-%04d", i))
		}
		w.settle(10 * time.Minute)
		require.Equal(t, 1000, w.source.Stats().Open)
		began := time.Now()
		w.source.Repair(conversation.Gap{Source: "notifications", From: began.Add(-time.Minute), To: began})
		for w.source.Stats().Repaired == 0 {
			w.settle(time.Second)
		}
		took := time.Since(began)
		t.Logf("repaired in %v", took)
		require.LessOrEqual(t, took, 8*time.Minute)
		live := exactly(w.requests(livePath, began), livePath)
		require.Len(t, live, 1000)
		for i := range live { // no minute holds more than half of 300
			n := 0
			for _, r := range live[i:] {
				if r.At.Sub(live[i].At) < time.Minute {
					n++
				}
			}
			require.LessOrEqual(t, n, 150)
		}
	})
}

func TestLateDataWaitsForARepair(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, DiscoverEvery: 5 * time.Minute, LateAfter: []time.Duration{30 * time.Minute}})
		w.settle(time.Minute)
		for i := range 200 {
			w.call(fmt.Sprintf("e-%04d", i))
		}
		w.settle(20 * time.Minute)
		for i := range 300 {
			w.waiting(fmt.Sprintf("c-%04d", i))
		}
		w.settle(17 * time.Minute) // the late data is due
		began := time.Now()
		w.gap(began.Add(-time.Minute))
		for w.source.Stats().Repaired == 0 {
			w.settle(time.Second)
		}
		require.LessOrEqual(t, time.Since(began), 3*time.Minute)
	})
}

// TestLateDataWaitsForOneRepairOnly has gaps come faster than they are repaired.
func TestLateDataWaitsForOneRepairOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		j := newJobs(0)
		w.calls.answer(j.answer)
		w.start(polling.Config{DiscoverEvery: 5 * time.Minute, FollowEvery: 10 * time.Minute, JobsEvery: 30 * time.Minute, LateAfter: []time.Duration{30 * time.Minute}})
		w.settle(time.Minute)
		w.judged("e-1")
		for i := range 400 {
			w.waiting(fmt.Sprintf("c-%04d", i))
		}
		for range 45 {
			w.settle(2 * time.Minute)
			w.gap(time.Now().Add(-time.Minute))
		}
		require.NotZero(t, w.source.Stats().Repaired)
		require.NotZero(t, w.source.Health().RepairingSince, "they are back to back")
		require.True(t, len(w.get("e-1").Evaluations) > 0 && w.get("e-1").Evaluations[0].Detailed())
		require.NotEmpty(t, j.read)
		require.WithinDuration(t, time.Now(), j.read[len(j.read)-1].To, time.Hour)
	})
}

func TestManyDaysOfManyConversationsAreAllFound(t *testing.T) {
	for name, c := range map[string]struct {
		days, perDay int
		byDay        bool
	}{
		"40 days, selected by day":            {40, 500, true},
		"40 days, selected by time":           {40, 500, false},
		"more than the pages of a query hold": {2, 60_000, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				length := time.Duration(c.days) * day
				a := &archive{from: time.Now().Add(7 * time.Hour), every: day / time.Duration(c.perDay), byDay: c.byDay}
				time.Sleep(time.Until(a.from) + length)
				l, stats := a.repaired(t)
				all := c.days * c.perDay
				count, _, _ := l.missing(a, all)
				require.Zero(t, count)
				require.Empty(t, a.beyond)
				require.Empty(t, l.lost)
				require.Zero(t, stats.Failures)
				require.Less(t, a.calls, all/100+c.days*3+c.perDay/100, "hardly more questions than there are pages")
			})
		})
	}
}

func TestADayWithMoreConversationsThanPagesReachIsReadFromBothEnds(t *testing.T) {
	for name, c := range map[string]struct {
		perDay, reach int
		byDay         bool
	}{
		"selected by day":                         {120_000, mostResults, true},
		"selected by time":                        {2_400, 2_000, false},
		"pages that reach less far than is known": {2_400, 2_000, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &archive{from: time.Now(), every: day / time.Duration(c.perDay), byDay: c.byDay, reach: c.reach}
				time.Sleep(day)
				l, _ := a.repaired(t)
				count, _, _ := l.missing(a, c.perDay)
				require.Zero(t, count)
				require.Empty(t, l.lost)
				if c.reach == mostResults {
					require.Empty(t, a.beyond)
				}
			})
		})
	}
}

func TestARefusalAmongManyConversationsLosesNoMoreThanItsHour(t *testing.T) {
	for name, byDay := range selections {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const days, perDay = 5, 5_000
				a := &archive{from: time.Now(), every: day / perDay, byDay: byDay}
				bad := a.from.Add(2*day + 11*time.Hour + 30*time.Minute)
				a.refused = func(from, to time.Time) bool { return !bad.Before(from) && bad.Before(to) }
				time.Sleep(days * day)
				l, stats := a.repaired(t)
				require.Len(t, l.lost, 1)
				require.True(t, interval(l.lost[0]).overlaps(bad, bad.Add(1)))
				require.LessOrEqual(t, l.lost[0].To.Sub(l.lost[0].From), time.Hour)
				count, from, to := l.missing(a, days*perDay)
				require.False(t, count > 0 && (from.Before(l.lost[0].From) || to.After(l.lost[0].To)), "%d missing from %v to %v", count, from, to)
				require.Equal(t, int64(1), stats.Repaired)
				require.Zero(t, stats.Failures)
			})
		})
	}
}
