package rest

import (
	"container/list"
	"context"
	"net/http"
	"slices"
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
	limit  reported
	all    window
	queues [2]queue // live and repair
	timer  *time.Timer

	pausedSince time.Time // after a 429
	pausedUntil time.Time
	pausedBy    string // the path that was answered 429
	throttled   int    // 429s one after the other
	resting     map[string]time.Time
}

// queue is one kind of calls.
type queue struct {
	window  window    // its part of all
	waiting list.List // of *turn
}

const (
	live = iota
	repair
)

// turn is the right to send one request. One of unused, noAnswer and answered
// must be called.
type turn struct {
	b     *budget
	path  string
	kind  int           // live or repair
	given chan struct{} // closed when the turn has come
}

func newBudget(perMinute, maxInFlight int, c *counters) *budget {
	return &budget{maxInFlight: maxInFlight, counters: c, limit: reported{allowed: perMinute}, resting: map[string]time.Time{}}
}

// wait returns when it is the call's turn, or with the error of ctx.
func (b *budget) wait(ctx context.Context, name call, kind int) (*turn, error) {
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
		t := &turn{b: b, path: name.path, kind: kind, given: make(chan struct{})}
		rest, place := b.enqueue(t)
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

// enqueue gives t a place in the queue, or returns how long its path must rest.
func (b *budget) enqueue(t *turn) (time.Duration, *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rest := b.restLocked(t.path); rest > 0 {
		return rest, nil
	}
	place := b.queues[t.kind].waiting.PushBack(t)
	b.dispatch()
	return 0, place
}

// leave takes back a turn that nobody waits for any more.
func (b *budget) leave(t *turn, place *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-t.given:
		b.release(t)
	default:
		b.queues[t.kind].waiting.Remove(place)
	}
	b.dispatch()
}

// dispatch gives turns to all whose time has come, and sets the timer for the
// next.
func (b *budget) dispatch() {
	now := time.Now()
	for {
		kind := live
		if b.queues[live].waiting.Len() == 0 {
			kind = repair
		}
		queue := &b.queues[kind]
		first := queue.waiting.Front()
		if first == nil {
			b.wakeAt(now, time.Time{})
			return
		}
		at, known := b.free(now, kind)
		if !known {
			b.wakeAt(now, time.Time{}) // the end of a request brings us here again
			return
		}
		if at.After(now) {
			b.wakeAt(now, at)
			return
		}
		queue.waiting.Remove(first)
		b.all.send(now)
		queue.window.send(now)
		close(first.Value.(*turn).given)
	}
}

// free returns when the next request may be sent; false when that depends on a
// request that is under way.
func (b *budget) free(now time.Time, kind int) (time.Time, bool) {
	limit, places := b.limit.allowed, b.maxInFlight
	if kind == repair {
		limit, places = max(limit/2, 1), max(places/2, 1)
	}
	own := &b.queues[kind].window
	if b.all.inFlight >= b.maxInFlight || own.inFlight >= places {
		return now, false
	}
	at, known := b.all.room(now, b.limit.allowed)
	ownAt, ownKnown := own.room(now, limit)
	at = latest(at, ownAt, own.paced(now, limit), b.pausedUntil)
	if now.Before(b.pausedUntil.Add(minute)) { // no burst after a 429
		at = latest(at, b.all.even(b.limit.allowed))
	}
	if b.limit.left(now, b.all.inFlight) <= 0 {
		at = latest(at, b.limit.resets)
	}
	return at, known && ownKnown
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

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
	b.queues[t.kind].window.inFlight--
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
	now := time.Now()
	b.limit.lost = append(lastMinute(b.limit.lost, now), now)
	b.ended(t, now)
}

// answered ends the turn of a request and learns from the answer. It returns
// how long all calls pause from now, if the answer is the reason.
func (t *turn) answered(a Answer) time.Duration {
	b := t.b
	b.counters.answered(a.Status)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.limit.learn(a.Header, now)
	wait := retryAfter(a.Header, now)
	var pause time.Duration
	switch {
	case a.Status == http.StatusTooManyRequests:
		pause = b.throttle(t.path, now, wait)
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
	b.queues[t.kind].window.end(now)
	b.dispatch()
}

// levels fills in the present levels.
func (b *budget) levels(s *Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s.Allowed, s.InFlight, s.Waiting = b.limit.allowed, b.all.inFlight, b.queues[live].waiting.Len()+b.queues[repair].waiting.Len()
	s.Remaining = max(min(b.limit.allowed-b.all.used(now), b.limit.left(now, b.all.inFlight)), 0)
	if now.Before(b.pausedUntil) {
		s.PausedUntil, s.Remaining = b.pausedUntil, 0
	}
}
