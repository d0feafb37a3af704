package lane

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

var errClosed = errors.New("closed")

func partial(id string) *conversation.Conversation { return &conversation.Conversation{ID: id} }

func push(t *testing.T, ls *Lanes, ids ...string) *Receipt {
	t.Helper()
	r := NewReceipt()
	for _, id := range ids {
		require.NoError(t, ls.Push(t.Context(), partial(id), r))
	}
	return r
}

func TestWhatArrivesWhileAConversationIsWorkedOnIsDoneAfterIt(t *testing.T) {
	ls := New(10, errClosed)
	push(t, ls, "a", "b", "a")
	batch := ls.Take(t.Context(), 10)
	require.Len(t, batch, 2)
	require.Equal(t, "a", batch[0].ID)
	require.Len(t, batch[0].Facts(), 2)
	push(t, ls, "a")
	none, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.Empty(t, ls.Take(none, 10), "a is worked on")
	ls.Finish(batch[0], nil)
	again := ls.Take(t.Context(), 10)
	require.Len(t, again, 1)
	require.Len(t, again[0].Facts(), 1)
}

func TestAReceiptIsForAllThatWasHandedOver(t *testing.T) {
	ls, bad := New(10, errClosed), errors.New("bad")
	r := push(t, ls, "a", "b")
	batch := ls.Take(t.Context(), 10)
	ls.Finish(batch[0], nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, r.Wait(over), context.Canceled, "b is not done")
	ls.Finish(batch[1], bad)
	<-r.over
	require.Equal(t, bad, r.err)
}

func TestALaneThatIsFullWaitsAndTakesNoPlaceFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ls := New(10*mostFacts, errClosed)
		for range mostFacts {
			push(t, ls, "slow")
		}
		pushed := false
		go func() { push(t, ls, "slow"); pushed = true }()
		synctest.Wait()
		require.False(t, pushed)
		push(t, ls, "other")
		require.Equal(t, mostFacts+1, ls.Pending())
		for _, w := range ls.Take(t.Context(), 10) {
			ls.Finish(w, nil)
		}
		synctest.Wait()
		require.True(t, pushed)
	})
}

func TestConversationsThatAreWorkedOnForLongLeaveRoomForOthers(t *testing.T) {
	for _, slow := range []int{1, 8, 16, 50} {
		for _, places := range []int{10, 1000} {
			t.Run(fmt.Sprint(slow, " of ", places), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ls := New(places, errClosed)
					slow := min(slow, places/5)
					waiting, give := context.WithCancel(t.Context())
					var pushers sync.WaitGroup
					flood := func() {
						for range 2*places/slow + 2 {
							for i := range slow {
								pushers.Go(func() { _ = ls.Push(waiting, partial(fmt.Sprint("slow", i)), NewReceipt()) })
							}
						}
						synctest.Wait()
					}
					flood()
					batch := ls.Take(t.Context(), slow) // and works on them
					flood()
					for i := range max(1, min(20, places/20)) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
						require.NoError(t, ls.Push(ctx, partial(fmt.Sprint("other", i)), NewReceipt()))
						cancel()
					}
					for _, w := range batch {
						ls.Finish(w, nil)
					}
					give()
					pushers.Wait()
				})
			})
		}
	}
}

func TestADecisionAndASettlingReachTheWork(t *testing.T) {
	ls := New(10, errClosed)
	r := NewReceipt()
	require.NoError(t, ls.Decide("a", store.Skip, r))
	require.NoError(t, ls.Settle("a", true, r))
	require.NoError(t, ls.Settle("a", false, nil))
	w := ls.Take(t.Context(), 1)[0]
	require.Equal(t, store.Skip, *w.Decision)
	require.True(t, w.Settle)
	require.True(t, w.All)
	w.Refused = errors.New("again")
	ls.Finish(w, nil)
	require.ErrorIs(t, r.Wait(t.Context()), w.Refused)
}

func TestNobodyBeginsToWorkOnAConversationThatRests(t *testing.T) {
	ls := New(10, errClosed)
	require.True(t, ls.Resting("a", func() {}))
	push(t, ls, "a")
	require.True(t, ls.Resting("a", func() {}), "it waits")
	w := ls.Take(t.Context(), 1)[0]
	require.False(t, ls.Resting("a", func() { t.Error("it is worked on") }))
	ls.Finish(w, nil)
	require.True(t, ls.Resting("a", func() {}))
}

// Whatever moment Close comes at, each push is either refused or finished: the
// one who waits for it is always answered.
func TestEachPushIsFinishedOrRefusedWheneverTheLanesAreClosed(t *testing.T) {
	for round := range 300 {
		ls := New(4, errClosed)
		taking, stop := context.WithCancel(t.Context())
		var workers, pushers sync.WaitGroup
		for range 2 {
			workers.Go(func() {
				for batch := ls.Take(taking, 2); batch != nil; batch = ls.Take(taking, 2) {
					for _, w := range batch {
						ls.Finish(w, nil)
					}
				}
			})
		}
		for i := range 8 {
			pushers.Go(func() {
				for n := range 20 {
					r := NewReceipt()
					if err := ls.Push(t.Context(), partial(fmt.Sprint("c", (i+n)%3)), r); err != nil {
						r.Fail(err)
					}
					if err := r.Wait(t.Context()); err != nil && !errors.Is(err, errClosed) {
						t.Errorf("round %d: %v", round, err)
					}
				}
			})
		}
		if round%3 > 0 {
			time.Sleep(time.Duration(round) * time.Microsecond)
		}
		<-ls.Close()
		<-ls.Close() // it may be called twice
		stop()
		workers.Wait()
		ls.RefuseRest()
		pushers.Wait()
		require.Zero(t, ls.Pending())
		require.ErrorIs(t, ls.Settle("c", true, nil), errClosed)
	}
}

func TestWhatNobodyTakesAnyMoreIsRefused(t *testing.T) {
	ls := New(10, errClosed)
	r := push(t, ls, "a", "b")
	ls.Close()
	ls.RefuseRest()
	require.ErrorIs(t, r.Wait(t.Context()), errClosed)
	require.Zero(t, ls.Pending())
}
