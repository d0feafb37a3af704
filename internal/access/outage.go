package access

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// reminder is how often it is said that the store still does not answer.
const reminder = time.Minute

// outage says when the store stops answering and when it is back.
type outage struct {
	log  *slog.Logger
	down atomic.Bool

	mu       sync.Mutex
	since    time.Time
	said     time.Time
	failures int
}

func newOutage(log *slog.Logger) *outage { return &outage{log: log} }

func (o *outage) failed(doing string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.failures++
	switch {
	case !o.down.Load():
		o.since, o.said, o.failures = now, now, 1
		o.down.Store(true)
		o.log.Warn("the store does not answer, trying again", "doing", doing, "error", err)
	case now.Sub(o.said) >= reminder:
		o.said = now
		o.log.Warn("the store still does not answer", "for", now.Sub(o.since).Round(time.Second), "failures", o.failures, "doing", doing, "error", err)
	}
}

func (o *outage) answered() {
	if !o.down.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down.CompareAndSwap(true, false) {
		o.log.Info("the store is back", "after", time.Since(o.since).Round(time.Millisecond), "failures", o.failures)
	}
}
