package sqlitestore

import (
	"sync"
	"time"
)

// clock tells the time of leases and waits. It is the wall clock, but goes on
// where that is set back: until the wall clock has caught up, it is ahead of it.
// The file notes by how much, so that all processes have the same time. It is
// safe for concurrent use.
type clock struct {
	wall    func() time.Time
	elapsed func() time.Duration // since the clock was made

	mu    sync.Mutex
	begin int64 // the time at which it was made, in microseconds
	noted int64 // by how many microseconds it is ahead, as the file says
}

func newClock() *clock {
	start := time.Now()
	return &clock{wall: time.Now, elapsed: func() time.Duration { return time.Since(start) }, begin: start.UnixMicro()}
}

// now is in microseconds.
func (c *clock) now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raised(c.wall().UnixMicro())
}

// raised returns the time, which is at least the one that is given from now on.
func (c *clock) raised(to int64) int64 {
	elapsed := c.elapsed().Microseconds()
	c.begin = max(c.begin, to-elapsed)
	return c.begin + elapsed
}

// resume goes on from the last time that the file knows: that of a change, and
// by how much the clock was ahead of the wall clock.
func (c *clock) resume(change, ahead int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raised(max(change, c.wall().UnixMicro()+ahead))
	c.noted = ahead
}

// unnoted returns by how much the clock is ahead, when the file says something
// else.
func (c *clock) unnoted() (ahead int64, differs bool) {
	const tolerance = int64(time.Second / time.Microsecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := c.wall().UnixMicro()
	ahead = c.raised(wall) - wall
	return ahead, ahead-c.noted > tolerance || c.noted-ahead > tolerance
}

// note says that the file says it now.
func (c *clock) note(ahead int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noted = ahead
}
