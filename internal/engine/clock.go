package engine

import (
	"sync"
	"time"
)

// clock tells the time by which conclusions settle. It is the wall clock, which a
// machine that slept sets forward, but goes on where that is set back: what settles
// does not wait for it. It is safe for concurrent use.
type clock struct {
	wall    func() time.Time
	elapsed func() time.Duration // since the clock was made

	mu    sync.Mutex
	begin time.Time // at which it was made
}

func newClock() *clock {
	start := time.Now()
	return &clock{wall: time.Now, elapsed: func() time.Duration { return time.Since(start) }}
}

func (c *clock) now() time.Time {
	wall, elapsed := c.wall().Round(0), c.elapsed() // the time of the wall clock alone
	c.mu.Lock()
	defer c.mu.Unlock()
	if begin := wall.Add(-elapsed); begin.After(c.begin) {
		c.begin = begin
	}
	return c.begin.Add(elapsed)
}
