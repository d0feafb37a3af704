package retry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
