package convtrack

import (
	"context"
	"sync"
)

// receipt is what a caller waits for: that all it handed over is stored.
type receipt struct {
	mu   sync.Mutex
	open int
	err  error
	over chan struct{}
}

// newReceipt returns a receipt with one open place, the caller's own.
func newReceipt() *receipt { return &receipt{over: make(chan struct{}), open: 1} }

func (r *receipt) add() {
	r.mu.Lock()
	r.open++
	r.mu.Unlock()
}

// fail notes an error; the first one counts.
func (r *receipt) fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.mu.Unlock()
}

// done closes one place.
func (r *receipt) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	if r.open--; r.open == 0 {
		close(r.over)
	}
}

// wait closes the caller's place and returns when all are closed, or ctx has
// ended.
func (r *receipt) wait(ctx context.Context) error {
	r.done(nil)
	select {
	case <-r.over:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
