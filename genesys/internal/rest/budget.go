package rest

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"
)

// budget gives calls their turn, so that the rate limit is kept. Live calls go
// before those of repair, each in the order in which they came; repair gets at
// most half of the limit and half of the places.
type budget struct {
	maxInFlight int
	counters    *counters

	mu     sync.Mutex
	told   told
	all    window
	repair window // the part of all that is repair
	// live and late are the turns that wait.
	live, late list.List
	timer      *time.Timer

	pausedUntil time.Time // after a 429
	throttled   int       // 429s one after the other
	resting     map[string]time.Time
}

// turn is the right to send one request. One of unused, noAnswer and answered
// must be called.
type turn struct {
	b      *budget
	path   string
	repair bool
	given  chan struct{} // closed when the turn has come
}

func newBudget(perMinute, maxInFlight int, c *counters) *budget {
	return &budget{maxInFlight: maxInFlight, counters: c, told: told{allowed: perMinute}, resting: map[string]time.Time{}}
}

// wait returns when it is the call's turn, or with the error of ctx.
func (b *budget) wait(ctx context.Context, name call, repair bool) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	started, waited := time.Now(), false
	defer func() {
		if waited {
			b.counters.waits.Add(1)
			b.counters.waited.Add(int64(time.Since(started)))
		}
	}()
	for {
		t := &turn{b: b, path: name.path, repair: repair, given: make(chan struct{})}
		rest, place := b.queue(t)
		if place != nil {
			select {
			case <-t.given:
			default:
				waited = true
				select {
				case <-t.given:
				case <-ctx.Done():
					b.leave(t, place)
					return nil, ctx.Err()
				}
			}
			// The path may have been told to rest while this waited.
			if rest = b.rest(name.path); rest <= 0 {
				return t, nil
			}
			t.unused()
		}
		waited = true
		pause := time.NewTimer(rest)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// queue gives t a place in the queue, or returns how long its path must rest.
func (b *budget) queue(t *turn) (time.Duration, *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rest := b.restLocked(t.path); rest > 0 {
		return rest, nil
	}
	place := b.line(t.repair).PushBack(t)
	b.dispatch()
	return 0, place
}

func (b *budget) line(repair bool) *list.List {
	if repair {
		return &b.late
	}
	return &b.live
}

// leave takes back a turn that nobody waits for any more.
func (b *budget) leave(t *turn, place *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-t.given:
		b.release(t)
	default:
		b.line(t.repair).Remove(place)
	}
	b.dispatch()
}

// dispatch gives turns to all whose time has come, and sets the timer for the
// next.
func (b *budget) dispatch() {
	now := time.Now()
	for {
		line := &b.live
		if line.Len() == 0 {
			line = &b.late
		}
		if line.Len() == 0 {
			b.wakeAt(now, time.Time{})
			return
		}
		t := line.Front().Value.(*turn)
		at, known := b.free(now, t.repair)
		if !known {
			b.wakeAt(now, time.Time{}) // the end of a request brings us here again
			return
		}
		if at.After(now) {
			b.wakeAt(now, at)
			return
		}
		line.Remove(line.Front())
		b.all.send(now)
		if t.repair {
			b.repair.send(now)
		}
		close(t.given)
	}
}

// free returns when the next request may be sent; false when that depends on a
// request that is under way.
func (b *budget) free(now time.Time, repair bool) (time.Time, bool) {
	if b.all.inFlight >= b.maxInFlight {
		return now, false
	}
	calm := now.Before(b.pausedUntil.Add(minute)) // no burst after a 429
	at, known := b.all.free(now, b.told.allowed, calm)
	if known && repair {
		if b.repair.inFlight >= max(b.maxInFlight/2, 1) {
			return now, false
		}
		var later time.Time
		later, known = b.repair.free(now, max(b.told.allowed/2, 1), calm)
		at = latest(at, later)
	}
	if b.told.left(now, b.all.inFlight) <= 0 {
		at = latest(at, b.told.resets)
	}
	return latest(at, b.pausedUntil), known
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// wakeAt sets the timer; the zero time stops it.
func (b *budget) wakeAt(now, at time.Time) {
	switch {
	case at.IsZero():
		if b.timer != nil {
			b.timer.Stop()
		}
	case b.timer == nil:
		b.timer = time.AfterFunc(at.Sub(now), b.wake)
	default:
		b.timer.Reset(at.Sub(now))
	}
}

func (b *budget) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dispatch()
}

// release takes back a turn with which nothing was sent.
func (b *budget) release(t *turn) {
	b.all.inFlight--
	if t.repair {
		b.repair.inFlight--
	}
}

// unused gives the turn back: nothing was sent.
func (t *turn) unused() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.b.release(t)
	t.b.dispatch()
}

// noAnswer ends the turn of a request of which nothing is known: it may have
// been counted.
func (t *turn) noAnswer() {
	b := t.b
	b.counters.calls.Add(1)
	b.counters.noAnswer.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told.count++
	b.ended(t, time.Now())
}

// answered ends the turn of a request and learns from the answer. It returns
// how long all calls pause from now, if the answer is the reason.
func (t *turn) answered(a Answer) time.Duration {
	b := t.b
	b.counters.answered(a.Status)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.told.learn(a.Header, now)
	wait := retryAfter(a.Header, now)
	var pause time.Duration
	switch {
	case a.Status == http.StatusTooManyRequests:
		pause = b.throttle(now, wait)
	case a.Status == http.StatusServiceUnavailable && wait > 0:
		b.restFor(t.path, now, wait)
	default:
		b.throttled = 0
	}
	b.ended(t, now)
	return pause
}

func (b *budget) ended(t *turn, now time.Time) {
	b.all.end(now)
	if t.repair {
		b.repair.end(now)
	}
	b.dispatch()
}

// throttle pauses all calls after a 429: for as long as it says, else until
// the platform's window ends, else for a time that doubles.
func (b *budget) throttle(now time.Time, wait time.Duration) time.Duration {
	fresh := !now.Before(b.pausedUntil) // not one of several that were under way
	if fresh {
		b.throttled = min(b.throttled+1, 7)
	}
	if wait <= 0 {
		if wait = b.told.resets.Sub(now); wait <= 0 {
			wait = min(time.Second<<(b.throttled-1), minute)
		}
	}
	until := now.Add(wait)
	if !until.After(b.pausedUntil) {
		return 0
	}
	b.pausedUntil = until
	return wait
}

// mostResting is of how many paths it is remembered that they rest.
const mostResting = 1000

// restFor lets one path rest: 503 says nothing about the others.
func (b *budget) restFor(path string, now time.Time, wait time.Duration) {
	for p, until := range b.resting {
		if !now.Before(until) || len(b.resting) >= mostResting {
			delete(b.resting, p)
		}
	}
	b.resting[path] = latest(b.resting[path], now.Add(wait))
}

// rest returns how long a path must rest.
func (b *budget) rest(path string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.restLocked(path)
}

func (b *budget) restLocked(path string) time.Duration {
	until, ok := b.resting[path]
	if !ok {
		return 0
	}
	rest := time.Until(until)
	if rest <= 0 {
		delete(b.resting, path)
	}
	return rest
}

// levels fills in the present levels.
func (b *budget) levels(s *Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s.Allowed, s.InFlight, s.Waiting = b.told.allowed, b.all.inFlight, b.live.Len()+b.late.Len()
	s.Remaining = max(min(b.told.allowed-b.all.used(now), b.told.left(now, b.all.inFlight)), 0)
	if now.Before(b.pausedUntil) {
		s.PausedUntil, s.Remaining = b.pausedUntil, 0
	}
}
