package app

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack"
)

// glance is the tracker's health as it is now. It is looked for once a second at
// most, whoever wants to know. It is safe for concurrent use.
type glance struct {
	tracker *convtrack.Tracker

	mu    sync.Mutex
	asked time.Time
	last  convtrack.Health
}

const glanceEvery = time.Second

func (g *glance) health(ctx context.Context) convtrack.Health {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked.IsZero() || time.Since(g.asked) >= glanceEvery {
		g.last = g.tracker.Health(context.WithoutCancel(ctx)) // the answer is for others too
		g.asked = time.Now()
	}
	return g.last
}
