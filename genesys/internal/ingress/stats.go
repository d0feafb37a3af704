package ingress

import (
	"net/http"
	"sync/atomic"
)

// Stats are counts of calls since the handler was made, by how they were
// answered, and present levels.
type Stats struct {
	Stored      int64 // 2xx
	Denied      int64 // 401, 403: who presented nothing valid
	Refused     int64 // other 4xx: what cannot be understood
	Overloaded  int64 // 429: there was no room
	Unavailable int64 // 5xx: not stored, or not in time

	Handling int // calls that have a place now
}

type counters struct {
	stored, denied, refused, overloaded, unavailable atomic.Int64

	heard atomic.Int64 // when somebody last called who may, in nanoseconds
}

func (c *counters) count(status int) {
	switch {
	case status < 300:
		c.stored.Add(1)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		c.denied.Add(1)
	case status == http.StatusTooManyRequests:
		c.overloaded.Add(1)
	case status < 500:
		c.refused.Add(1)
	default:
		c.unavailable.Add(1)
	}
}

// Stats returns the present counts.
func (h *Handler) Stats() Stats {
	return Stats{
		Stored: h.stats.stored.Load(), Denied: h.stats.denied.Load(), Refused: h.stats.refused.Load(),
		Overloaded: h.stats.overloaded.Load(), Unavailable: h.stats.unavailable.Load(), Handling: len(h.handling),
	}
}
