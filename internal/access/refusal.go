package access

import (
	"sync"
	"time"
)

// refusal is that the store has refused a commit because it is full or read-only. A
// small write may still find room where a commit does not. It is safe for concurrent
// use.
type refusal struct {
	mu sync.Mutex
	is Trouble // empty: the last commit was written, or failed for another reason
	at time.Time
}

// lastsFor is how long a refusal counts that no other commit has followed: it is
// longer than the pauses after which one is tried again.
const lastsFor = 15 * time.Second

// note notes what became of a commit.
func (r *refusal) note(err error, now time.Time) {
	is := Trouble("")
	if err != nil {
		if is = TroubleOf(err); is != Full && is != ReadOnly {
			return // it may be the fault of a hook
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.is, r.at = is, now
}

// Refused returns why the store has refused the last commit: Full or ReadOnly;
// empty when it has not, or that is long ago.
func (s *Store) Refused(now time.Time) Trouble {
	s.refusal.mu.Lock()
	defer s.refusal.mu.Unlock()
	if now.Sub(s.refusal.at) > lastsFor {
		return ""
	}
	return s.refusal.is
}
