package ingress

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// throttleFor is how long after a record the same is only counted.
const throttleFor = time.Minute

// ThrottledLog logs what can happen at any rate: each kind at once, and then once
// a minute, with how often it has happened since it was last logged. The zero
// value is ready; it is safe for concurrent use.
type ThrottledLog struct {
	mu   sync.Mutex
	seen map[string]*occurrences // by message
}

type occurrences struct {
	n    int
	last time.Time
}

// Log logs, or counts. The message is one of few that are written in
// the program.
func (s *ThrottledLog) Log(ctx context.Context, log *slog.Logger, level slog.Level, message string, args ...any) {
	if n := s.count(message); n > 0 {
		log.Log(ctx, level, message, append(args, "times", n)...)
	}
}

// count returns how often it has happened since it was last logged; zero: it is
// not to be logged now.
func (s *ThrottledLog) count(message string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.seen[message]
	if o == nil {
		if s.seen == nil {
			s.seen = map[string]*occurrences{}
		}
		o = &occurrences{}
		s.seen[message] = o
	}
	o.n++
	if !o.last.IsZero() && time.Since(o.last) < throttleFor {
		return 0
	}
	n := o.n
	o.n, o.last = 0, time.Now()
	return n
}
