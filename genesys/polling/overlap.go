package polling

import (
	"sync"
	"time"
)

// Most records appear soon after the start, so most of the time a narrow overlap
// will do.
const (
	narrowOverlap = 3 * time.Minute
	wideEvery     = 5 * time.Minute
)

// overlap is how far before its position the source looks, as records appear
// late: mostly a little, and every wideEvery as far as is configured.
type overlap struct {
	wide time.Duration

	mu     sync.Mutex
	looked time.Time // when it last looked so far
}

func (o *overlap) next(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Sub(o.looked) >= wideEvery {
		return o.wide
	}
	return min(o.wide, narrowOverlap)
}

// done notes that it has looked so far at a time.
func (o *overlap) done(far time.Duration, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if far >= o.wide {
		o.looked = at
	}
}
