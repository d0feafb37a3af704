package sqlitestore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// clocks are those of a machine: the wall clock, which can be set, and time that
// passes.
type clocks struct {
	set    time.Duration
	passed time.Duration
}

// of makes a store use them.
func (c *clocks) of(s *Store) *Store {
	start, passed := time.Now(), c.passed
	s.clock.wall = func() time.Time { return start.Add(c.set + c.passed - passed) }
	s.clock.elapsed = func() time.Duration { return c.passed - passed }
	return s
}

// deliver commits a conversation with an event for a hook.
func deliver(t *testing.T, s *Store, id string) {
	t.Helper()
	c := call(id)
	c.Events = []store.NewEvent{{Event: store.Event{ID: id, ConversationID: id, Seq: 1}, Deliveries: []store.NewDelivery{{Hook: "h"}}}}
	commit(t, s, c)
}

const lease = 30 * time.Second

// claim returns whose deliveries it has got, and how long it is until the next.
func claim(t *testing.T, s *Store, owner string) (ids []string, wait time.Duration) {
	t.Helper()
	due, next, err := s.Claim(t.Context(), store.Claim{Owner: owner, Lease: lease, Hooks: []string{"h"}, Limit: 10})
	require.NoError(t, err)
	for _, d := range due {
		ids = append(ids, d.ID)
	}
	return ids, time.Until(next)
}

func retryIn(t *testing.T, s *Store, owner, id string, wait time.Duration) {
	t.Helper()
	_, err := s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{{Owner: owner, EventID: id, Hook: "h", Did: store.WillRetry, Wait: wait}}})
	require.NoError(t, err)
}

func TestWhatIsRetriedWaitsNoLongerWhenTheWallClockIsSetBack(t *testing.T) {
	m := &clocks{}
	s := m.of(opened(t, newPath(t), nil))
	deliver(t, s, "c")
	got, _ := claim(t, s, "o")
	require.Equal(t, []string{"c"}, got)
	retryIn(t, s, "o", "c", 10*time.Second)
	m.set -= time.Hour
	got, wait := claim(t, s, "o")
	require.Empty(t, got)
	require.InDelta(t, 10*time.Second, wait, float64(5*time.Second))
	m.passed += 11 * time.Second
	got, _ = claim(t, s, "o")
	require.Equal(t, []string{"c"}, got)
	m.passed += lease + time.Second
	got, _ = claim(t, s, "other")
	require.Equal(t, []string{"c"}, got, "a lease ends as well")
}

func TestAWallClockThatIsSetForwardIsBelieved(t *testing.T) {
	m := &clocks{}
	s := m.of(opened(t, newPath(t), nil))
	deliver(t, s, "c")
	claim(t, s, "o")
	m.set += time.Hour
	got, _ := claim(t, s, "other")
	require.Equal(t, []string{"c"}, got)
}

func TestProcessesThatShareAFileHaveTheSameTimeAlsoWhenTheWallClockWasSetBack(t *testing.T) {
	path := newPath(t)
	m := &clocks{set: time.Hour}
	first := m.of(opened(t, path, nil))
	deliver(t, first, "c")
	deliver(t, first, "d")
	got, _ := claim(t, first, "first")
	require.Len(t, got, 2)
	retryIn(t, first, "first", "c", time.Second)
	m.set = 0
	claim(t, first, "first")             // it sees it, and nothing else
	second := m.of(opened(t, path, nil)) // by the same wall clock
	require.InDelta(t, first.clock.now(), second.clock.now(), float64((5 * time.Second).Microseconds()))
	m.passed += 2 * time.Second
	got, _ = claim(t, second, "second")
	require.Equal(t, []string{"c"}, got, "the lease of the other one has not ended")

	deliver(t, second, "e")
	got, _ = claim(t, second, "second")
	require.Equal(t, []string{"e"}, got)
	got, _ = claim(t, first, "first")
	require.Empty(t, got, "nor does it end for who is ahead of the wall clock")
}

func TestWhatARestartFindsAheadOfTheWallClockIsNotWaitedFor(t *testing.T) {
	path := newPath(t)
	m := &clocks{set: time.Hour}
	s := m.of(opened(t, path, nil))
	deliver(t, s, "c")
	claim(t, s, "o")
	retryIn(t, s, "o", "c", 10*time.Second)
	require.NoError(t, s.Close())
	s = opened(t, path, nil) // an hour before
	_, wait := claim(t, s, "o")
	require.LessOrEqual(t, wait, 10*time.Second)
}

// Otherwise one that is set back, noticed and then put right would leave the
// file in the future.
func TestAFileIsNoLongerAheadWhenTheWallClockHasCaughtUp(t *testing.T) {
	path := newPath(t)
	m := &clocks{set: -2 * time.Hour}
	s := m.of(opened(t, path, nil))
	s.clock.begin -= (2 * time.Hour).Microseconds()
	deliver(t, s, "c")
	m.set -= time.Hour
	deliver(t, s, "d")
	ahead := func() (n int64) {
		_, n, err := s.Value(t.Context(), clockName)
		require.NoError(t, err)
		return n
	}
	require.InDelta(t, time.Hour.Microseconds(), ahead(), float64(time.Minute.Microseconds()))
	m.set += time.Hour
	deliver(t, s, "e")
	require.Less(t, ahead(), time.Second.Microseconds())
}

func TestATimeNeverGoesBack(t *testing.T) {
	m := &clocks{}
	s := m.of(opened(t, memoryPath, nil))
	last := s.clock.now()
	for _, step := range []time.Duration{-1, time.Second, -time.Hour, -24 * time.Hour, 48 * time.Hour, -time.Minute, 0} {
		m.set += step
		m.passed += time.Microsecond
		now := s.clock.now()
		require.Greater(t, now, last)
		last = now
	}
}
