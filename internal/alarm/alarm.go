// Package alarm wakes a loop at the earliest of the times that it was set to.
package alarm

import (
	"context"
	"sync"
	"time"
)

// Alarm wakes one loop at the earliest of the times that it was set to. Any
// goroutine may set it; one waits.
type Alarm struct {
	mu   sync.Mutex
	at   time.Time
	wake chan struct{}
}

// New returns an alarm that is not set.
func New() *Alarm { return &Alarm{wake: make(chan struct{}, 1)} }

// Set makes the alarm go off at t, or before. The zero time sets nothing. How long
// that is shows the clock now: that it is set later changes nothing.
func (a *Alarm) Set(t time.Time) {
	if t.IsZero() {
		return
	}
	now := time.Now()
	t = now.Add(t.Sub(now)) // a time from a store has the wall clock alone
	a.mu.Lock()
	sooner := a.at.IsZero() || t.Before(a.at)
	if sooner {
		a.at = t
	}
	a.mu.Unlock()
	if sooner {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

// Wait returns when the alarm goes off, and clears it; false when ctx ends.
func (a *Alarm) Wait(ctx context.Context) bool {
	for {
		at, ring := a.ring()
		if ring {
			return true
		}
		if !a.sleep(ctx, at) {
			return false
		}
	}
}

// ring returns when the alarm is to go off, and whether it just has.
func (a *Alarm) ring() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.at
	if at.IsZero() || time.Now().Before(at) {
		return at, false
	}
	a.at = time.Time{}
	return at, true
}

// sleep returns at the time, or when the alarm was set anew; false when ctx ends.
func (a *Alarm) sleep(ctx context.Context, until time.Time) bool {
	var timer <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
		return true
	case <-a.wake:
		return true
	case <-ctx.Done():
		return false
	}
}
