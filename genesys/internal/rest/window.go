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
	w.ended = lastMinute(w.ended, now)
	return w.inFlight + len(w.ended)
}

// lastMinute drops the times that are a minute ago; they are in order.
func lastMinute(times []time.Time, now time.Time) []time.Time {
	i := 0
	for i < len(times) && !now.Before(times[i].Add(minute)) {
		i++
	}
	return times[i:]
}

// room returns when another request fits under the limit; false when that
// cannot be known before a request ends.
func (w *window) room(now time.Time, limit int) (time.Time, bool) {
	leaving := w.used(now) - limit // as many and one more must leave
	switch {
	case leaving < 0:
		return now, true
	case leaving < len(w.ended):
		return w.ended[leaving].Add(minute), true
	}
	return now, false
}

// paced returns when another request may go so that the rate lasts: the first
// half of the limit in one burst, what is beyond it evenly spaced.
func (w *window) paced(now time.Time, limit int) time.Time {
	if w.used(now) < limit/2 {
		return now
	}
	return w.even(limit)
}

// even returns when the next of evenly spaced requests may go.
func (w *window) even(limit int) time.Time { return w.lastSent.Add(minute / time.Duration(limit)) }

func (w *window) send(now time.Time) {
	w.inFlight++
	w.lastSent = now
}

func (w *window) end(now time.Time) {
	w.inFlight--
	w.ended = append(w.ended, now)
}

// reported is what the platform says about the limit. Its count holds what other
// processes with the same OAuth client send, too.
type reported struct {
	allowed int
	known   bool // allowed was told and is not assumed
	count   int  // the highest that was told in the present window
	resets  time.Time
	// lost are the requests of the last minute without an answer: whether count
	// holds them is not known.
	lost []time.Time

	// A limit that goes down is believed at once; one that goes up when
	// nothing lower was told for a while, since single resources have lower
	// limits.
	lowest int
	until  time.Time
}

// mostReset is how long a window of the platform may be to be believed.
const mostReset = 10 * time.Minute

// learn reads the headers of an answer.
func (r *reported) learn(h http.Header, now time.Time) {
	if allowed, ok := number(h, "Inin-Ratelimit-Allowed"); ok && allowed > 0 {
		r.allow(allowed, now)
	}
	count, counted := number(h, "Inin-Ratelimit-Count")
	reset, resets := number(h, "Inin-Ratelimit-Reset")
	if !counted || !resets || time.Duration(reset)*time.Second > mostReset {
		return
	}
	// Whole seconds, perhaps rounded down: a second more is safe. What the
	// answer's way took makes the end later, too: the earliest is the best.
	end := now.Add(time.Duration(reset+1) * time.Second)
	switch apart := end.Sub(r.resets); {
	case apart > minute/2: // a new window
		r.count, r.resets = count, end
	case apart > -minute/2: // the same, perhaps of an answer that was overtaken
		r.count = max(r.count, count)
		if apart < 0 {
			r.resets = end
		}
	}
}

func (r *reported) allow(allowed int, now time.Time) {
	if !r.known || allowed < r.allowed {
		r.allowed, r.known = allowed, true
		r.lowest, r.until = allowed, now.Add(minute)
		return
	}
	r.lowest = min(r.lowest, allowed)
	if now.After(r.until) {
		r.allowed = r.lowest
		r.lowest, r.until = allowed, now.Add(minute)
	}
}

// left returns how many requests the platform would still take in its window.
func (r *reported) left(now time.Time, inFlight int) int {
	if !now.Before(r.resets) {
		return math.MaxInt
	}
	r.lost = lastMinute(r.lost, now)
	return r.allowed - r.count - inFlight - len(r.lost)
}

func number(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	return n, err == nil && n >= 0 && n < 1e9
}
