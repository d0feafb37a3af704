package polling

import (
	"sync"
	"time"
)

// outliers are the conversations or the intervals with which something fails that
// succeeds with others: storing them, or reading them. When it fails with one, the
// store or the platform may as well have failed for a moment: what the store knows
// already it takes even while it is down. So it is tried again, until it has failed for
// failsFor and succeeded with others all the while.
type outliers struct {
	// failsFor is how long a failure must last to be one of this one, and how long ago
	// the last success with another may be: beyond that all may fail.
	failsFor time.Duration

	mu          sync.Mutex
	last, other success // the last one, and the last one with another id
	failures    map[part]failures
}

// success is when something succeeded with a conversation or an interval.
type success struct {
	id string
	at time.Time
}

// part is what one kind of read says of a conversation or an interval: the surveys of
// a conversation may fail, and its record succeed each time.
type part struct{ what, id string }

// failures are since when a part fails, and when it last did.
type failures struct{ first, last time.Time }

const (
	// leftOutAfter is failsFor of a conversation, which is tried again later, and
	// lostAfter that of an interval, which is not.
	leftOutAfter = time.Minute
	lostAfter    = 10 * time.Minute
	// mostApart is how far apart two failures may be to belong together: a repair of
	// thousands of conversations takes long to come to the same one again, and what is
	// left out is not read for askAgainAfter.
	mostApart = 2 * askAgainAfter
)

func newOutliers(failsFor time.Duration) *outliers {
	return &outliers{failsFor: failsFor, failures: map[part]failures{}}
}

// failed notes that a part has failed, and reports whether it is given up now.
func (o *outliers) failed(p part, now time.Time) (givenUp bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for old, is := range o.failures {
		if now.Sub(is.last) > mostApart {
			delete(o.failures, old)
		}
	}
	is := o.failures[p]
	if is.last = now; is.first.IsZero() || now.Sub(o.succeededBesides(p.id)) > o.failsFor {
		is.first = now
	}
	o.failures[p] = is
	return now.Sub(is.first) >= o.failsFor
}

// succeeded notes that a part has succeeded.
func (o *outliers) succeeded(p part, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.id != p.id {
		o.other = o.last
	}
	o.last = success{p.id, now}
	delete(o.failures, p)
}

// unclear notes that it cannot be told whether a failure is one of this part.
func (o *outliers) unclear(p part) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.failures, p)
}

// succeededBesides returns when one with another id last succeeded; zero: none did.
// The caller holds the lock.
func (o *outliers) succeededBesides(id string) time.Time {
	if o.last.id == id {
		return o.other.at
	}
	return o.last.at
}

// clear notes that everything fails: no failure was one of a single conversation or
// interval.
func (o *outliers) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.failures)
}
