// Package retry waits before something is tried again.
package retry

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/dcmkit/convtrack/events"
)

// ofStore is how long a call of the store that failed waits for its next try.
var ofStore = events.Exponential(50*time.Millisecond, 5*time.Second)

// PauseForStore waits before the store is asked again: longer with each
// attempt, and not all callers equally long. It returns false when ctx has
// ended.
func PauseForStore(ctx context.Context, attempt int) bool {
	wait := ofStore(attempt)
	return Pause(ctx, wait/2+rand.N(wait))
}

// Pause waits; false when ctx ended before.
func Pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
