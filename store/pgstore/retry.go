package pgstore

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// mostAttempts is how often a transaction is tried that loses against
	// others or finds its connection dead.
	mostAttempts = 10
	// rollbackTimeout bounds the end of a transaction that failed.
	rollbackTimeout = 5 * time.Second
)

// pause lets the others go on before the next attempt.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(attempt * attempt * int(time.Millisecond)))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
