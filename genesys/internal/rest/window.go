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

// told is what the platform says about the limit. Its count holds what other
// processes with the same OAuth client send, too.
type told struct {
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
func (t *told) learn(h http.Header, now time.Time) {
	if allowed, ok := number(h, "Inin-Ratelimit-Allowed"); ok && allowed > 0 {
		t.allow(allowed, now)
	}
	count, counted := number(h, "Inin-Ratelimit-Count")
	reset, resets := number(h, "Inin-Ratelimit-Reset")
	if !counted || !resets || time.Duration(reset)*time.Second > mostReset {
		return
	}
	// Whole seconds, perhaps rounded down: a second more is safe. What the
	// answer's way took makes the end later, too: the earliest is the best.
	end := now.Add(time.Duration(reset+1) * time.Second)
	switch apart := end.Sub(t.resets); {
	case apart > minute/2: // a new window
		t.count, t.resets = count, end
	case apart > -minute/2: // the same, perhaps of an answer that was overtaken
		t.count = max(t.count, count)
		if apart < 0 {
			t.resets = end
		}
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
	t.lost = lastMinute(t.lost, now)
	return t.allowed - t.count - inFlight - len(t.lost)
}

func number(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	return n, err == nil && n >= 0 && n < 1e9
}
