package polling

import (
	"sync"
	"time"
)

// Most records appear soon after their conversation starts, so a narrow overlap is
// enough most of the time.
const (
	narrowOverlap = 3 * time.Minute
	wideEvery     = 5 * time.Minute
)

// overlap is how far discovery looks back before its position, as records appear
// late: usually narrowOverlap, and every wideEvery as far as is configured, counted
// from the last time that it did so.
type overlap struct {
	wide time.Duration

	mu     sync.Mutex
	looked time.Time // when it last looked back by the wide overlap
}

func (o *overlap) next(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.wide <= narrowOverlap:
		return o.wide
	case now.Sub(o.looked) >= wideEvery:
		return o.wide + wideEvery // the position has moved on by no more than that
	}
	return narrowOverlap
}

// done records that discovery has looked back that far at a time.
func (o *overlap) done(far time.Duration, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if far > o.wide {
		o.looked = at
	}
}
