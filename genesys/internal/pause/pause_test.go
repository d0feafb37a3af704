package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

func TestPausesGrowToTheLongestAndDoNotEnd(t *testing.T) {
	p := pause.Growing(time.Second, time.Minute)
	var longest time.Duration
	for n := range 1000 {
		next := p.NextBackOff()
		require.Positive(t, next, "pause %d", n)
		longest = max(longest, next)
	}
	require.InDelta(t, time.Minute, longest, float64(30*time.Second))
}

func TestJitterShortensByUpToATenth(t *testing.T) {
	for range 1000 {
		d := pause.Jittered(time.Minute)
		require.LessOrEqual(t, d, time.Minute)
		require.GreaterOrEqual(t, d, 54*time.Second)
	}
	require.Zero(t, pause.Jittered(0))
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		require.False(t, pause.Sleep(ctx, time.Hour))
		require.Equal(t, time.Second, time.Since(began))
		require.True(t, pause.Sleep(t.Context(), time.Hour))
	})
}

func TestWhatLastsIsReplacedAtOnceAndWhatDoesNotLaterEachTime(t *testing.T) {
	p := pause.NewPacer(time.Second, time.Minute, time.Minute)
	for range 3 {
		require.Zero(t, p.Next(2*time.Minute), "it has lasted")
		var sum time.Duration
		for range 30 {
			next := p.Next(0)
			require.Positive(t, next)
			sum += next
		}
		require.Greater(t, sum, 15*time.Minute)
	}
}
