package store

import (
	"context"
	"time"
)

// LagReporter is a Store that tells how far After hooks are behind in a time that
// hardly depends on how much there is: by its indexes, and without counting more
// than it is asked to. Of another one a tracker takes the Backlog, each time that
// somebody asks for its health.
type LagReporter interface {
	Store
	// Lag returns how far each After hook is behind that has unfinished deliveries;
	// the others are left out. It need not count more than limit of a hook.
	Lag(ctx context.Context, limit int) (map[string]Lag, error)
}

// Lag is how far an After hook is behind.
type Lag struct {
	// Unfinished are its unfinished deliveries, as Backlog counts them. More says
	// that there may be more of them; then it is at least the limit.
	Unfinished int
	More       bool
	// Due is when the earliest of the deliveries that could be claimed was due or
	// will be, by the clock of this machine, and Attempts how often that one has
	// failed. Those that wait behind another one, and those that somebody holds, do
	// not count: one whose lease has ended is due since then. Zero: none could be
	// claimed.
	Due      time.Time
	Attempts int
}
