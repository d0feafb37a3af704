package polling

import (
	"sync"
	"time"
)

// unstored are conversations that the store refuses while it takes others. When
// one is refused, the store may as well have failed for a moment: what it knows
// already it takes even while it is down. So what was read counts as not stored,
// and is read again, until the store has refused it for refusesFor.
type unstored struct {
	mu    sync.Mutex
	times map[string]refusals
}

// refusals are when the store has refused a conversation: first and last.
type refusals struct{ first, last time.Time }

const (
	// refusesFor is how long a refusal must last to be one of this conversation.
	refusesFor = time.Minute
	// mostApart is how far apart two refusals may be to belong together.
	mostApart = 5 * time.Minute
)

func newUnstored() *unstored { return &unstored{times: map[string]refusals{}} }

// refused notes that the store has refused a conversation, and reports whether it
// is left out from now on.
func (u *unstored) refused(id string, now time.Time) (leftOut bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, is := range u.times {
		if now.Sub(is.last) > mostApart {
			delete(u.times, id)
		}
	}
	is := u.times[id]
	if is.last = now; is.first.IsZero() {
		is.first = now
	}
	u.times[id] = is
	return now.Sub(is.first) >= refusesFor
}

// stored notes that the store has taken a conversation.
func (u *unstored) stored(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.times, id)
}

// clear notes that the store is down: no refusal was one of a conversation.
func (u *unstored) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.times)
}
