package eventbridge

import (
	"sync"
	"time"
)

// reading is how old the messages are that are being read: those that are held, and
// those that came last. It is safe for concurrent use.
type reading struct {
	mu   sync.Mutex
	held map[*batch]time.Time // when the oldest of each was sent
	last time.Time            // the same of those that came last; zero: none came
}

func newReading() *reading { return &reading{held: map[*batch]time.Time{}} }

// came notes what a poll has brought.
func (r *reading) came(oldest time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = oldest
}

// hold notes that a batch is being stored, until done is called.
func (r *reading) hold(b *batch) (done func()) {
	var oldest time.Time
	for _, m := range b.messages {
		oldest = earlier(oldest, m.Sent)
	}
	if oldest.IsZero() {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[b] = oldest
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.held, b)
	}
}

// oldest returns when the oldest message was sent; zero: none is being read, or SQS
// does not say.
func (r *reading) oldest() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.last
	for _, sent := range r.held {
		oldest = earlier(oldest, sent)
	}
	return oldest
}

// earlier returns the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
