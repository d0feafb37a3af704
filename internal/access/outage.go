package access

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// reminder is how often it is said that the store still does not answer.
const reminder = time.Minute

// outage says when the store stops answering and when it is back. What fails
// again and again while other calls are answered is said once a minute.
type outage struct {
	log  *slog.Logger
	down atomic.Bool

	mu       sync.Mutex
	since    time.Time
	failures int
	logged   map[string]time.Time // when, by what was being done
	reported bool                 // the log has told of this outage
}

func newOutage(log *slog.Logger) *outage { return &outage{log: log, logged: map[string]time.Time{}} }

func (o *outage) failed(doing string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.failures++
	text := "the store still does not answer"
	if !o.down.Load() {
		o.since, o.failures, o.reported = now, 1, false
		text = "the store does not answer, trying again"
		o.down.Store(true)
	}
	if last, logged := o.logged[doing]; logged && now.Sub(last) < reminder || o.reported && !logged && now.Sub(o.since) < reminder {
		return
	}
	o.logged[doing], o.reported = now, true
	o.log.Warn(text, "doing", doing, "for", now.Sub(o.since).Round(time.Second), "failures", o.failures, "error", err)
}

func (o *outage) answered() {
	if !o.down.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down.CompareAndSwap(true, false) && o.reported {
		o.log.Info("the store is back", "after", time.Since(o.since).Round(time.Millisecond), "failures", o.failures)
	}
}
