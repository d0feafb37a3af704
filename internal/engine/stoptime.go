package engine

import (
	"context"
	"sync"
	"time"
)

// The last of the drain timeout is kept for the goodbyes: leastGrace of it, or a
// quarter where it is short. They take no longer than grace.
const (
	grace      = 5 * time.Second
	leastGrace = time.Second
)

// stopTime is the time that a stop may take: the drain timeout, whatever hangs. Its
// contexts end one after the other, once start has been called.
type stopTime struct {
	drain context.Context // what was accepted is stored, sources and hooks that run may finish
	leave context.Context // the goodbyes are said
	over  context.Context // what has not ended is left behind

	start func() // begins the time; the second call does nothing
	free  func() // gives back what the time takes
}

func newStopTime(parent context.Context, timeout time.Duration) *stopTime {
	kept := min(leastGrace, timeout/4)
	t := &stopTime{}
	var mu sync.Mutex
	var begin, end []func()
	phase := func(length time.Duration) context.Context {
		ctx, cancel := context.WithCancel(parent)
		end = append(end, cancel)
		begin = append(begin, func() {
			timer := time.AfterFunc(length, cancel)
			end = append(end, func() { timer.Stop() })
		})
		return ctx
	}
	t.drain, t.leave, t.over = phase(timeout-kept), phase(timeout-kept/4), phase(timeout)
	all := func(do *[]func()) func() {
		return func() {
			mu.Lock()
			defer mu.Unlock()
			for _, f := range *do {
				f()
			}
			*do = nil
		}
	}
	t.start, t.free = all(&begin), all(&end)
	return t
}

// within does something, and reports whether that ended before ctx did. Otherwise
// it goes on by itself.
func within(ctx context.Context, do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		select {
		case <-done:
		default:
			return false
		}
	}
	return true
}
