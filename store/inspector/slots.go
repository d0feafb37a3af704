package inspector

import (
	"context"
	"errors"
	"time"
)

// slots bound how much happens at a time.
type slots chan struct{}

func newSlots(n int) slots { return make(slots, n) }

// try reports whether there was a free one.
func (s slots) try() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s slots) release() { <-s }

const (
	// waitTime is how long a read waits for its turn.
	waitTime = 3 * time.Second
	// readTime is how long a page may read. Health takes up to four seconds when
	// the store is in trouble.
	readTime = 5 * time.Second
)

var errBusy = errors.New("inspector: too many read at the same time")

// read runs a read in one of the slots, within its time.
func (h *Handler) read(ctx context.Context, in slots, do func(context.Context) (shown, error)) (shown, error) {
	timer := time.NewTimer(waitTime)
	defer timer.Stop()
	select {
	case in <- struct{}{}:
	case <-timer.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer in.release()
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	return do(ctx)
}
