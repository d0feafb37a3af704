package events

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerCountsUntilTheLimitAndHangsFromThenOnUntilItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hanging atomic.Int64
		after := func(wait time.Duration) func() bool {
			return func() bool { time.Sleep(wait); return true }
		}
		answer, failed := ask(&hanging, answerSoon, after(answerSoon-time.Millisecond))
		require.True(t, answer)
		require.Nil(t, failed)

		began := time.Now()
		_, failed = ask(&hanging, answerSoon, after(time.Minute))
		require.NotNil(t, failed)
		require.Equal(t, errLate, failed.error)
		require.Equal(t, answerSoon, time.Since(began))
		require.EqualValues(t, 1, hanging.Load())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, hanging.Load())
	})
}
