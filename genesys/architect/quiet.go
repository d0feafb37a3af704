package architect

import (
	"log/slog"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// quiet warns when nobody has called for long: a flow that is not published any
// more, a token that is wrong and a trigger that is off look like nothing to
// say. It is safe for concurrent use.
type quiet struct {
	after time.Duration // zero: it does not warn
	log   *slog.Logger

	began time.Time

	mu     sync.Mutex
	last   time.Time
	timer  *time.Timer
	warned bool
}

func newQuiet(after time.Duration, log *slog.Logger) *quiet {
	q := &quiet{after: after, log: log, began: time.Now()}
	q.mu.Lock() // warn looks at the timer
	defer q.mu.Unlock()
	if after > 0 {
		q.timer = time.AfterFunc(after, q.warn)
	}
	return q
}

// warn logs without the lock: the host's logger may be slow, or ask for the counts.
func (q *quiet) warn() {
	q.mu.Lock()
	last := q.last
	tooLong := q.timer != nil && time.Since(q.since()) >= q.after // else it was stopped, or somebody has just called
	q.warned = q.warned || tooLong
	q.mu.Unlock()
	if tooLong {
		q.log.Warn("no flow has called the data action for long; is the workflow published, the trigger on, the token right?", "last", last, "after", q.after)
	}
}

// since is since when nobody has called. The caller holds the lock.
func (q *quiet) since() time.Time {
	if q.last.IsZero() {
		return q.began
	}
	return q.last
}

// called notes that somebody has called.
func (q *quiet) called() {
	q.mu.Lock()
	q.last = time.Now()
	if q.timer != nil {
		q.timer.Reset(q.after)
	}
	again := q.warned
	q.warned = false
	q.mu.Unlock()
	if again {
		q.log.Info("flows call the data action again")
	}
}

// lastCall returns when somebody called last; zero: nobody has.
func (q *quiet) lastCall() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.last
}

// say fills in since when nobody has called, where that is too long.
func (q *quiet) say(h *conversation.SourceHealth) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.warned {
		return
	}
	h.BlindSince, h.Reason = q.since().UTC(), "no flow has called the data action for long: is the workflow published, the trigger on, the token right?"
}

func (q *quiet) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.timer != nil {
		q.timer.Stop()
		q.timer = nil
	}
}
