package polling

import (
	"sync"
	"time"
)

// unstored is what the store refuses while it takes others. When it refuses one, it
// may as well have failed for a moment: what it knows already it takes even while it
// is down. So what was read counts as not stored, and is read again, until the store
// has refused it for refusesFor and taken others all the while.
type unstored struct {
	mu           sync.Mutex
	taken, other intake // what the store took last, and last of another conversation
	times        map[part]refusals
}

// intake is when the store took something of a conversation.
type intake struct {
	id string
	at time.Time
}

// part is what one kind of read says of a conversation: the store may refuse its
// survey, and take its record each time.
type part struct{ what, id string }

// refusals are since when the store refuses a part, and when it last did.
type refusals struct{ first, last time.Time }

const (
	// refusesFor is how long a refusal must last to be one of this conversation, and
	// how long ago the store may have taken another: beyond that it may be down.
	refusesFor = time.Minute
	// mostApart is how far apart two refusals may be to belong together: a repair of
	// thousands of conversations takes long to come to the same one again.
	mostApart = time.Hour
)

func newUnstored() *unstored { return &unstored{times: map[part]refusals{}} }

// refused notes that the store has refused a part, and reports whether it is left out
// from now on.
func (u *unstored) refused(p part, now time.Time) (leftOut bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for old, is := range u.times {
		if now.Sub(is.last) > mostApart {
			delete(u.times, old)
		}
	}
	is := u.times[p]
	if is.last = now; is.first.IsZero() || now.Sub(u.tookBesides(p.id)) > refusesFor {
		is.first = now
	}
	u.times[p] = is
	return now.Sub(is.first) >= refusesFor
}

// stored notes that the store has taken a part.
func (u *unstored) stored(p part, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.taken.id != p.id {
		u.other = u.taken
	}
	u.taken = intake{p.id, now}
	delete(u.times, p)
}

// tookBesides returns when the store last took another conversation; zero: it did not.
// The caller holds the lock.
func (u *unstored) tookBesides(id string) time.Time {
	if u.taken.id == id {
		return u.other.at
	}
	return u.taken.at
}

// clear notes that the store is down: no refusal was one of a conversation.
func (u *unstored) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.times)
}
