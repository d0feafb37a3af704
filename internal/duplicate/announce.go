package duplicate

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// What waits for an announcement is stored already, and each costs all processes
// something. So they are left to gather: for a moment, as what is stored with one
// commit is, and for longer after the last one.
const (
	gather  = 5 * time.Millisecond
	atLeast = 50 * time.Millisecond // from one announcement to the next
)

// outgoing is what is to be announced.
type outgoing struct {
	mu    sync.Mutex
	until time.Time // this process announces until then
	list  []announced
	wake  chan struct{}
}

func newOutgoing() outgoing { return outgoing{wake: make(chan struct{}, 1)} }

// Copied says that another process has deposited what this one knew already.
func (f *Filter) Copied() {
	f.out.mu.Lock()
	defer f.out.mu.Unlock()
	f.out.until = time.Now().Add(lasting)
}

// Noted is what is to be announced once it is stored.
type Noted []announced

// Note adds a fact that this process owns and is about to store, if it announces
// at present. A fact that was decoded just now is in the processor's memory still:
// when it is stored, this would take more than twice as long.
func (f *Filter) Note(n Noted, c *conversation.Conversation) Noted {
	f.out.mu.Lock()
	announces := time.Now().Before(f.out.until)
	f.out.mu.Unlock()
	if !announces {
		return n
	}
	if is, ok := conversation.FingerprintOf(c); ok {
		n = append(n, announced{conversation: hash(c.ID), Fingerprint: is})
	}
	return n
}

// Stored says that what was noted is stored.
func (f *Filter) Stored(n Noted) {
	if len(n) > 0 {
		f.out.add(n)
	}
}

func (o *outgoing) add(list []announced) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, list...)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outgoing) take() []announced {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

// AnnounceLoop announces what is stored, until ctx ends. What broadcast fails to
// tell is not told again: the others deposit it.
func (f *Filter) AnnounceLoop(ctx context.Context, broadcast func(ctx context.Context, message []byte) error) {
	var last time.Time
	for {
		select {
		case <-f.out.wake:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(max(gather, time.Until(last.Add(atLeast)))):
		case <-ctx.Done():
			return
		}
		last = time.Now()
		for list := range slices.Chunk(f.out.take(), mostAnnounce) {
			_ = broadcast(ctx, announcement(hash(f.name), list))
		}
	}
}
