package lane

import (
	"context"
	"sync"

	"github.com/dcmkit/convtrack/internal/telemetry"
)

// Receipt is what a caller waits for: that all it handed over is stored.
type Receipt struct {
	mu   sync.Mutex
	open int
	err  error
	over chan struct{}

	// Heard is what was heard, where that is measured; nil: it is not.
	Heard *telemetry.Heard
}

// waiter is told when what it handed over is done.
type waiter interface {
	add()
	done(err error)
}

// notice is a waiter that is called.
type notice func(error)

func (n notice) add()           {}
func (n notice) done(err error) { n(err) }

// NewReceipt returns a receipt for one caller, who calls Wait once.
func NewReceipt() *Receipt { return &Receipt{over: make(chan struct{}), open: 1} }

func (r *Receipt) add() {
	r.mu.Lock()
	r.open++
	r.mu.Unlock()
}

// Fail notes an error of the caller's own; the first one counts.
func (r *Receipt) Fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.mu.Unlock()
}

func (r *Receipt) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	if r.open--; r.open == 0 {
		close(r.over)
	}
}

// Wait returns when everything that was handed over with the receipt is done,
// with the first error, or when ctx ends.
func (r *Receipt) Wait(ctx context.Context) error {
	r.done(nil)
	select {
	case <-r.over:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
