package ingress

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// sayEvery is how often the log is told of what can happen at any rate.
const sayEvery = time.Minute

// Seldom tells the log of what can happen at any rate: of each kind at once, and
// then once a minute, with how often it has happened since it was last told. The
// zero value is ready; it is safe for concurrent use.
type Seldom struct {
	mu   sync.Mutex
	seen map[string]*occurrences // by message
}

type occurrences struct {
	n    int
	last time.Time
}

// Log tells the log, or counts. The message is one of few that are written in
// the program.
func (s *Seldom) Log(ctx context.Context, log *slog.Logger, level slog.Level, message string, args ...any) {
	if n := s.count(message); n > 0 {
		log.Log(ctx, level, message, append(args, "times", n)...)
	}
}

// count returns how often it has happened since it was last told; zero: it is
// not to be told now.
func (s *Seldom) count(message string) int {
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
	if !o.last.IsZero() && time.Since(o.last) < sayEvery {
		return 0
	}
	n := o.n
	o.n, o.last = 0, time.Now()
	return n
}
