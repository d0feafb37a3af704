package settling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/lane"
)

// due is a store that knows what is due when.
type due struct {
	mu     sync.Mutex
	at     map[string]time.Time
	down   error
	failed int
}

func (d *due) Due(_ context.Context, at time.Time, limit int) (ids []string, next time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.at {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return d.at[a].Compare(d.at[b]) })
	for i, id := range ids {
		if i == limit || d.at[id].After(at) {
			return ids[:i], d.at[id], d.down
		}
	}
	return ids, time.Time{}, d.down
}

// Failed implements Store.
func (d *due) Failed(string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed++
}

func (d *due) failures() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

func (d *due) set(id string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at[id] = at
}

// lanes settle what they are woken for, unless it is stuck.
type lanes struct {
	store *due
	stuck func(id string) bool

	mu    sync.Mutex
	woken map[string]int
}

func (l *lanes) Settle(id string, _ bool, _ *lane.Receipt) error {
	l.mu.Lock()
	l.woken[id]++
	l.mu.Unlock()
	if l.stuck == nil || !l.stuck(id) {
		l.store.mu.Lock()
		delete(l.store.at, id)
		l.store.mu.Unlock()
	}
	return nil
}

func all(string) bool { return true }

const longest = 5 * time.Second

// times returns how often the conversation was woken.
func (l *lanes) times(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.woken[id]
}

func start(t *testing.T, d *due, stuck func(string) bool) (*Settling, *lanes) {
	return startWith(t, d, stuck, mostChecked)
}

func startWith(t *testing.T, d *due, stuck func(string) bool, farAtOnce int) (*Settling, *lanes) {
	l := &lanes{store: d, stuck: stuck, woken: map[string]int{}}
	s := New(d, l, all, time.Now, longest, time.Minute)
	s.farAtOnce = farAtOnce
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { s.Loop(ctx); close(over) }()
	t.Cleanup(func() { cancel(); <-over })
	s.Wake(time.Now())
	return s, l
}

func TestAConversationIsWokenWhenItsConclusionIsDueAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{"c": time.Now().Add(3 * time.Second)}}
		_, l := start(t, d, nil)
		time.Sleep(3*time.Second - 1)
		synctest.Wait()
		require.Zero(t, l.times("c"))
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 1, l.times("c"))
	})
}

func TestConversationsThatCannotSettleKeepNoOtherFromItAndAreWokenLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const stuck = 3 * atOnce
		d := &due{at: map[string]time.Time{}}
		for i := range stuck {
			d.at[fmt.Sprint("stuck", i)] = time.Now().Add(-time.Hour)
		}
		d.at["late"] = time.Now()
		_, l := start(t, d, func(id string) bool { return id != "late" })
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, l.times("late"), "it is not behind those")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i := range stuck {
			require.LessOrEqual(t, l.times(fmt.Sprint("stuck", i)), 20)
			require.GreaterOrEqual(t, l.times(fmt.Sprint("stuck", i)), 10, "it may have become possible")
		}
	})
}

func TestAConclusionOfATimeWhenTheClockWasAheadDoesNotWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{
			"ahead":      time.Now().Add(time.Hour),
			"at the end": change.AtTheEnd,
			"now":        time.Now().Add(2 * time.Second),
		}}
		_, l := start(t, d, func(id string) bool {
			if id == "ahead" { // its conversation corrects the time
				d.set(id, time.Now().Add(longest))
				return true
			}
			return false
		})
		time.Sleep(longest)
		synctest.Wait()
		require.NotZero(t, l.times("ahead"))
		require.NotZero(t, l.times("now"))
		require.Zero(t, l.times("at the end"))
	})
}

func TestAConclusionOfATimeWhenTheClockWasAheadDoesNotWaitForItAlsoWhileOthersSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{"ahead": time.Now().Add(time.Hour), "busy": time.Now().Add(time.Second), "busy, too": time.Now().Add(1500 * time.Millisecond)}}
		_, l := start(t, d, func(id string) bool {
			if id != "ahead" { // there is always one that settles soon
				d.set(id, time.Now().Add(time.Second))
				return true
			}
			return false
		})
		time.Sleep(longest)
		synctest.Wait()
		require.Equal(t, 1, l.times("ahead"))
		require.Greater(t, l.times("busy"), 1)
	})
}

func TestWhatLiesAheadForGoodKeepsNothingFromBeingCorrectedHoweverMuchItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		d := &due{at: map[string]time.Time{"wrong": now.Add(1000 * time.Hour)}}
		for i := range 45 {
			d.at[fmt.Sprint("ahead", i)] = now.Add(900 * time.Hour)
		}
		_, l := startWith(t, d, func(id string) bool { return id != "wrong" }, 20)
		time.Sleep(checkEvery / 2)
		require.Equal(t, 1, l.times("wrong"))
		require.Equal(t, 1, l.times("ahead1"))
		time.Sleep(checkEvery)
		require.Equal(t, 2, l.times("ahead1"), "they are woken again, not often")
	})
}

func TestWhatAnotherProcessLooksAfterIsLeftToItAndKeepsNothingFromSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{}}
		for i := range 2 * atOnce {
			d.at[fmt.Sprint("theirs", i)] = time.Now().Add(-time.Hour)
		}
		d.at["mine"] = time.Now()
		l := &lanes{store: d, woken: map[string]int{}}
		s := New(d, l, func(id string) bool { return id == "mine" }, time.Now, longest, time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { s.Loop(ctx); close(over) }()
		s.Wake(time.Now())
		time.Sleep(time.Minute)
		cancel()
		<-over
		require.Equal(t, map[string]int{"mine": 1}, l.woken)
	})
}

func TestWhatAProcessThatDiedHasLeftIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{}}
		_, l := start(t, d, nil)
		synctest.Wait()
		d.set("c", time.Now()) // by somebody who does not come back
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, l.times("c"))
	})
}

func TestAStoreThatDoesNotSayWhatIsDueIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &due{at: map[string]time.Time{"c": time.Now()}, down: errors.New("down")}
		_, l := start(t, d, nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Zero(t, l.times("c"))
		require.InDelta(t, 10, d.failures(), 2)
		d.mu.Lock()
		d.down = nil
		d.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, l.times("c"))
	})
}

func TestAllSettlesEverythingOnceAlthoughSomeCannot(t *testing.T) {
	d := &due{at: map[string]time.Time{}}
	for i := range 2500 {
		d.at[fmt.Sprint("c", i)] = time.Now().Add(time.Duration(i) * time.Hour)
	}
	l := &lanes{store: d, stuck: func(id string) bool { return len(id) == 3 }, woken: map[string]int{}} // c10 to c99
	s := New(d, l, all, time.Now, longest, time.Minute)
	require.NoError(t, s.All(t.Context()), "it returns")
	require.Len(t, l.woken, 2500)
	require.Len(t, d.at, 90)
}
