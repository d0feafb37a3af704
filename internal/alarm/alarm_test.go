package alarm

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheEarliestTimeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, began := New(), time.Now()
		a.Set(began.Add(time.Hour))
		a.Set(began.Add(time.Minute))
		a.Set(began.Add(2 * time.Minute))
		a.Set(time.Time{})
		require.True(t, a.Wait(t.Context()))
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestItGoesOffOnceForEachTimeItIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New()
		a.Set(time.Now())
		require.True(t, a.Wait(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.False(t, a.Wait(ctx))
	})
}

func TestItMayBeSetToAnEarlierTimeWhileSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, began := New(), time.Now()
		a.Set(began.Add(time.Hour))
		go func() {
			time.Sleep(time.Second)
			a.Set(began.Add(time.Minute))
		}()
		require.True(t, a.Wait(t.Context()))
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestATimeFromAStoreIsElapsedTimeToo(t *testing.T) {
	a := New()
	a.Set(time.Now().Add(time.Hour).Round(0)) // without the clock that is never set
	require.NotEqual(t, a.at.Round(0).String(), a.at.String())
	require.WithinDuration(t, time.Now().Add(time.Hour), a.at, time.Minute)
}
