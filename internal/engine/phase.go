package engine

import (
	"context"
	"fmt"
	"time"
)

// phase is the time from one attempt to run to the next. It has begun when the
// engine runs, or when it could not start; then Run may be called again, which
// is another phase.
type phase struct {
	taken bool          // by a Run; under the engine's lock
	begun chan struct{} // closed when Run has begun or failed to
	err   error         // why it could not; set before begun is closed
}

func newPhase() *phase { return &phase{begun: make(chan struct{})} }

// enter takes the phase for a Run.
func (e *Engine) enter() (*phase, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.phase.taken {
		select {
		case <-e.phase.begun:
		default:
			return nil, e.config.Running
		}
		if e.phase.err == nil {
			return nil, e.config.Running
		}
		e.phase = newPhase()
	}
	e.phase.taken = true
	return e.phase, nil
}

// fail ends a phase that could not begin: those who wait for it are told.
func (p *phase) fail(err error) {
	p.err = err
	close(p.begun)
}

// patience is how long somebody waits for Run before the log says so.
const patience = 10 * time.Second

// awaitRun waits until the phase begins, and says what it waits for.
func (e *Engine) awaitRun(ctx context.Context, p *phase) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case <-p.begun:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("convtrack: Run has not begun, which Observe and what else writes waits for: %w", context.Cause(ctx))
		case <-late.C:
			e.config.Log.Warn("something is to be stored, and waits for Run to begin: call Run, and Observe while it runs", "waits", patience)
		}
	}
}

// Begun waits until the engine runs.
func (e *Engine) Begun(ctx context.Context) error {
	e.mu.Lock()
	p := e.phase
	e.mu.Unlock()
	select {
	case <-p.begun:
	default:
		if err := e.awaitRun(ctx, p); err != nil {
			return err
		}
	}
	if p.err != nil {
		return fmt.Errorf("convtrack: Run could not begin, call it again: %w", p.err)
	}
	return nil
}
