package agent

import (
	"maps"
	"sync"
	"time"
)

// Rates says how often each user may call. A user who has been quiet may call
// burst times at once; then one call comes back in every interval.
type Rates struct {
	interval time.Duration
	burst    int
	most     int

	mu sync.Mutex
	// full is when a user would have all calls again: until then each interval is
	// one that is used.
	full map[string]time.Time
}

// NewRates lets each user call so often in a minute, and so often at once. It
// remembers so many users. A Rates is safe for concurrent use.
func NewRates(perMinute, burst, most int) *Rates {
	return &Rates{interval: time.Minute / time.Duration(perMinute), burst: burst, most: most, full: map[string]time.Time{}}
}

// Take counts a call. It returns how long the user has to wait before it would
// be one too many no longer; zero: it is not.
func (r *Rates) Take(user string, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	full := r.full[user]
	if full.Before(now) {
		full = now
	}
	full = full.Add(r.interval)
	if over := full.Sub(now) - time.Duration(r.burst)*r.interval; over > 0 {
		return over
	}
	if len(r.full) >= r.most {
		maps.DeleteFunc(r.full, func(_ string, at time.Time) bool { return at.Before(now) })
	}
	r.full[user] = full
	return 0
}
