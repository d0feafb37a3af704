// Package throttle keeps what can happen at any rate from flooding a log.
package throttle

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// throttleFor is how long after a record the same is only counted.
const throttleFor = time.Minute

// Log logs what can happen at any rate: each kind at once, and then once
// a minute, with how often it has happened since it was last logged. The zero
// value is ready; it is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	seen map[string]*occurrences // by message
}

type occurrences struct {
	n    int
	last time.Time
}

// To logs to log, or counts. The message is one of few that are written in
// the program.
func (t *Log) To(ctx context.Context, log *slog.Logger, level slog.Level, message string, args ...any) {
	if n := t.count(message); n > 0 {
		log.Log(ctx, level, message, append(args, "times", n)...)
	}
}

// count returns how often it has happened since it was last logged; zero: it is
// not to be logged now.
func (t *Log) count(message string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.seen[message]
	if o == nil {
		if t.seen == nil {
			t.seen = map[string]*occurrences{}
		}
		o = &occurrences{}
		t.seen[message] = o
	}
	o.n++
	if !o.last.IsZero() && time.Since(o.last) < throttleFor {
		return 0
	}
	n := o.n
	o.n, o.last = 0, time.Now()
	return n
}
