package genesystest

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limits counts the requests of each client, and of each user of one, in windows of a minute, the first
// of which begins with its first request (protocol 2.7).
type limits struct {
	perMinute int
	mu        sync.Mutex
	windows   map[owner]*window
}

type window struct {
	ends  time.Time
	count int
}

func newLimits(perMinute int) *limits {
	return &limits{perMinute: perMinute, windows: map[owner]*window{}}
}

// count counts a request. refused is set when it is one too many.
func (l *limits) count(h http.Header, whose owner) (refused *answer) {
	if l.perMinute <= 0 {
		return nil
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[whose]
	if w == nil || !now.Before(w.ends) {
		w = &window{ends: now.Add(time.Minute)}
		l.windows[whose] = w
	}
	w.count++
	left := w.ends.Sub(now)
	h.Set("inin-ratelimit-count", strconv.Itoa(w.count))
	h.Set("inin-ratelimit-allowed", strconv.Itoa(l.perMinute))
	h.Set("inin-ratelimit-reset", strconv.Itoa(seconds(left)))
	if w.count <= l.perMinute {
		return nil
	}
	a := tooManyRequests(left)
	return &a
}

func tooManyRequests(retryAfter time.Duration) answer {
	a := refuse(http.StatusTooManyRequests, "too.many.requests.retry.after",
		fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", seconds(retryAfter)))
	a.retryAfter = retryAfter
	return a
}
