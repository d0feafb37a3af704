package wake

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// waits reports whether a wait of the owner lasts until its time is over.
func waits(t *testing.T, b *Board, owner string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := b.Wait(ctx, owner)
	if err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	return err != nil
}

func TestAnOwnerWaitsOnlyForWhatCameSinceItHasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		require.False(t, waits(t, b, "me"), "it has not read yet")
		b.Read("me")
		require.True(t, waits(t, b, "me"))
		b.Wake("other")
		require.True(t, waits(t, b, "me"))
		b.Wake("me", "me")
		require.False(t, waits(t, b, "me"))
		require.False(t, waits(t, b, "me"), "it still has not read")
		b.Read("me")
		require.True(t, waits(t, b, "me"))
	})
}

func TestTheWatchRunsOnceFromTheFirstWaitUntilAWhileAfterTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, begun atomic.Int64
		b := Watching(func(ctx context.Context) {
			begun.Add(1)
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			time.Sleep(time.Second) // it takes its time to end
		}, time.Minute, time.Hour)
		b.Read("me")
		synctest.Wait()
		require.Zero(t, begun.Load())
		for range 3 {
			require.True(t, waits(t, b, "me"))
			time.Sleep(50 * time.Second)
			require.EqualValues(t, 1, running.Load())
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		require.Zero(t, running.Load())
		require.True(t, waits(t, b, "me"))
		time.Sleep(time.Minute + time.Millisecond)
		require.True(t, waits(t, b, "me"), "while the one before is still ending")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, running.Load())
		require.EqualValues(t, 3, begun.Load())
		b.Close()
		require.Zero(t, running.Load())
	})
}

func TestWhereSomethingMayBeMissedAWaitEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Watching(func(ctx context.Context) { <-ctx.Done() }, time.Second, time.Minute)
		defer b.Close()
		b.Read("me")
		began := time.Now()
		require.NoError(t, b.Wait(t.Context(), "me"))
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestTheWatchKnowsWhoWaitsAndWakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		for _, owner := range []string{"b", "a", "read"} {
			b.Read(owner)
		}
		var woken atomic.Int64
		for _, owner := range []string{"b", "a", "a"} {
			go func() {
				if b.Wait(t.Context(), owner) == nil {
					woken.Add(1)
				}
			}()
		}
		synctest.Wait()
		require.Equal(t, []string{"a", "b"}, b.Waiting())
		b.WakeAll()
		synctest.Wait()
		require.EqualValues(t, 3, woken.Load())
		require.Empty(t, b.Waiting())
		require.True(t, waits(t, b, "read"))
	})
}

func TestCloseEndsAllWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		b.Read("me")
		errs := make(chan error, 1)
		go func() { errs <- b.Wait(t.Context(), "me") }()
		synctest.Wait()
		b.Close()
		b.Close()
		require.ErrorIs(t, <-errs, store.ErrClosed)
		require.ErrorIs(t, b.Wait(t.Context(), "me"), store.ErrClosed)
	})
}
