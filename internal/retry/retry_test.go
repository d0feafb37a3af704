package retry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAHostsBackoffThatDoesNotAnswerIsReplaced(t *testing.T) {
	for name, host := range map[string]func(int) time.Duration{
		"missing":    nil,
		"panics":     func(int) time.Duration { panic("no idea") },
		"below zero": func(int) time.Duration { return -time.Second },
	} {
		require.Equal(t, time.Minute, Backoff(host, 1, time.Minute), name)
	}
	require.Equal(t, 3*time.Second, Backoff(func(n int) time.Duration { return time.Duration(n) * time.Second }, 3, time.Minute))
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.False(t, Pause(ctx, time.Hour))
		require.Equal(t, time.Second, time.Since(began))
		require.True(t, PauseForStore(t.Context(), 100))
		require.LessOrEqual(t, time.Since(began), 9*time.Second)
	})
}
