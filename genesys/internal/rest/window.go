package rest

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// minute is the window that the platform counts requests in (protocol 2.7).
const minute = time.Minute

// window counts our own requests of the last minute. A request counts from
// when it is sent until a minute after its answer: so, however long the way to
// the platform takes, no minute there sees more than the limit, wherever its
// windows begin.
type window struct {
	inFlight int
	ended    []time.Time // the ends of the last minute, oldest first
	lastSent time.Time
}

func (w *window) used(now time.Time) int {
	i := 0
	for i < len(w.ended) && !now.Before(w.ended[i].Add(minute)) {
		i++
	}
	w.ended = w.ended[i:]
	return w.inFlight + len(w.ended)
}

// free returns when another request fits under the limit. The first half of
// the limit may go in one burst; beyond it, or when calm is set, requests are
// spaced evenly, so that the rate lasts. It returns false when that cannot be
// known before a request ends.
func (w *window) free(now time.Time, limit int, calm bool) (time.Time, bool) {
	used, at := w.used(now), now
	if used >= limit {
		leaving := used - limit // as many and one more must leave
		if leaving >= len(w.ended) {
			return at, false
		}
		at = w.ended[leaving].Add(minute)
	}
	if next := w.lastSent.Add(minute / time.Duration(limit)); (calm || used >= limit/2) && next.After(at) {
		at = next
	}
	return at, true
}

func (w *window) send(now time.Time) {
	w.inFlight++
	w.lastSent = now
}

func (w *window) end(now time.Time) {
	w.inFlight--
	w.ended = append(w.ended, now)
}

// told is what the platform says about the limit. Its count holds what other
// processes with the same OAuth client send, too.
type told struct {
	allowed int
	known   bool // allowed was told and is not assumed
	count   int  // the highest that was told in the present window
	resets  time.Time

	// A limit that goes down is believed at once; one that goes up when
	// nothing lower was told for a while, since single resources have lower
	// limits.
	lowest int
	until  time.Time
}

// mostReset is how long a window of the platform may be to be believed.
const mostReset = 10 * time.Minute

// learn reads the headers of an answer.
func (t *told) learn(h http.Header, now time.Time) {
	if allowed, ok := number(h, "Inin-Ratelimit-Allowed"); ok && allowed > 0 {
		t.allow(allowed, now)
	}
	count, counted := number(h, "Inin-Ratelimit-Count")
	reset, resets := number(h, "Inin-Ratelimit-Reset")
	if !counted || !resets || time.Duration(reset)*time.Second > mostReset {
		return
	}
	// Whole seconds, perhaps rounded down: a second more is safe.
	end := now.Add(time.Duration(reset+1) * time.Second)
	switch {
	case end.After(t.resets.Add(2 * time.Second)): // a new window
		t.count, t.resets = count, end
	case end.After(t.resets.Add(-2 * time.Second)): // the same
		t.count = max(t.count, count)
	}
}

func (t *told) allow(allowed int, now time.Time) {
	if !t.known || allowed < t.allowed {
		t.allowed, t.known = allowed, true
		t.lowest, t.until = allowed, now.Add(minute)
		return
	}
	t.lowest = min(t.lowest, allowed)
	if now.After(t.until) {
		t.allowed = t.lowest
		t.lowest, t.until = allowed, now.Add(minute)
	}
}

// left returns how many requests the platform would still take in its window.
func (t *told) left(now time.Time, inFlight int) int {
	if !now.Before(t.resets) {
		return math.MaxInt
	}
	return t.allowed - t.count - inFlight
}

func number(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	return n, err == nil && n >= 0 && n < 1e9
}
