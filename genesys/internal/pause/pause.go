// Package pause is how sources wait: with growing pauses after failures, and
// never all at the same moment.
package pause

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Growing returns pauses that grow from the first one to the longest, at
// random by half. They do not end.
func Growing(first, longest time.Duration) *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(first), backoff.WithMaxInterval(longest), backoff.WithMaxElapsedTime(0))
}

// Jittered shortens d at random by up to a tenth, so that processes that began
// together do not go on together.
func Jittered(d time.Duration) time.Duration { return d - rand.N(d/10+1) }

// Sleep waits for d. It reports whether it has: false means that ctx ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// Pacer says how long to wait before something is opened anew that does not
// last: not at all once it has lasted for a while, then longer each time.
type Pacer struct {
	lasts   time.Duration
	growing *backoff.ExponentialBackOff
	used    bool // what need not wait
}

// NewPacer returns a Pacer whose pauses grow from first to longest until
// something has lasted for lasts.
func NewPacer(first, longest, lasts time.Duration) *Pacer {
	return &Pacer{lasts: lasts, growing: Growing(first, longest)}
}

// Next returns how long to wait before what has lasted for so long is opened
// anew.
func (p *Pacer) Next(lasted time.Duration) time.Duration {
	if lasted > p.lasts {
		p.growing.Reset()
		p.used = false
	}
	if !p.used {
		p.used = true
		return 0
	}
	return p.growing.NextBackOff()
}
