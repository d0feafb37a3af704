package access

import (
	"sync"
	"time"
)

// Condition is what is wrong with the store, and since when; nothing at first. It
// is safe for concurrent use.
type Condition struct {
	mu    sync.Mutex
	is    Trouble // empty: nothing
	since time.Time
}

// Note notes what was found and returns since when something is wrong; changed is
// told of what was before.
func (t *Condition) Note(is Trouble, now time.Time, changed func(was Trouble, since time.Time)) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if is != t.is {
		was, since := t.is, t.since
		if t.is = is; was == "" {
			t.since = now
		}
		if is == "" {
			t.since = time.Time{}
		}
		changed(was, since)
	}
	return t.since
}
