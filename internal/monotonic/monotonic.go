// Package monotonic makes times that only grow out of those of a wall clock, which
// may be coarse, and may be set back.
package monotonic

import (
	"sync"
	"time"
)

// Clock makes them. The zero value is ready; it is safe for concurrent use.
type Clock struct {
	mu   sync.Mutex
	last time.Time
}

// After returns now in UTC and to the microsecond, or the first microsecond behind all
// times that it has returned before.
func (c *Clock) After(now time.Time) time.Time {
	now = now.UTC().Truncate(time.Microsecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !now.After(c.last) {
		now = c.last.Add(time.Microsecond)
	}
	c.last = now
	return now
}
