package access

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// TimeoutError says that the store did not answer within the limit.
type TimeoutError struct {
	Limit time.Duration
	Err   error
}

// Error implements error.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the store did not answer within %v: %v", e.Limit, e.Err)
}

// Unwrap returns what the store returned.
func (e *TimeoutError) Unwrap() error { return e.Err }

// limit ends a context when the store has taken too long, not counting the time
// in which it waited for the host. It is the context that it ends.
type limit struct {
	context.Context

	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration
	since  time.Time // when the store was last handed control
	host   int       // how many pieces of host code run
	over   bool
	cancel context.CancelFunc
}

type limitKey struct{}

func limited(ctx context.Context, most time.Duration) (context.Context, *limit) {
	l := &limit{left: most, since: time.Now()}
	l.Context, l.cancel = context.WithCancel(ctx)
	l.timer = time.AfterFunc(most, l.exceed)
	return l, l
}

// Value implements context.Context.
func (l *limit) Value(key any) any {
	if key == (limitKey{}) {
		return l
	}
	return l.Context.Value(key)
}

func (l *limit) exceed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host == 0 {
		l.over = true
		l.cancel()
	}
}

func (l *limit) exceeded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *limit) stop() {
	l.timer.Stop()
	l.cancel()
}

// EnterHost says that the host's code begins to run inside a call of the store,
// and done that it has returned. The context is the one to give to that code.
func EnterHost(ctx context.Context) (host context.Context, done func()) {
	host = context.WithValue(ctx, hostKey{}, true)
	l, ok := ctx.Value(limitKey{}).(*limit)
	if !ok {
		return host, func() {}
	}
	l.enter()
	return host, l.leave
}

type hostKey struct{}

// InHost reports whether ctx is that of the host's code inside a transaction of
// the store.
func InHost(ctx context.Context) bool { return ctx.Value(hostKey{}) != nil }

func (l *limit) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host++; l.host == 1 {
		l.timer.Stop()
		l.left -= time.Since(l.since)
	}
}

func (l *limit) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.host--; l.host == 0 {
		l.since = time.Now()
		l.timer.Reset(max(l.left, 0))
	}
}
