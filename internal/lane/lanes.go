// Package lane brings what is heard of a conversation in order: a conversation
// with something to do has a lane, which one goroutine at a time works on. What
// arrives meanwhile waits in the lane and is then done at once.
package lane

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// mostFacts is how many partial conversations may wait in one lane. One with
// something to do has half of what is free at the most, too, but one place at least:
// conversations whose hooks are slow leave room for others.
const mostFacts = 256

// Lanes are the conversations with something to do. They are safe for
// concurrent use.
type Lanes struct {
	refusal error         // of what comes after Close
	places  chan struct{} // one for each partial conversation that is pending
	closing chan struct{} // closed by Close

	mu     sync.Mutex
	closed bool
	byID   map[string]*lane
	ready  []*lane
	wake   chan struct{} // has a token while ready may not be empty
	idle   chan struct{} // closed when no lane is left, once closed
}

// New returns lanes with room for that many partial conversations. After Close
// everything is refused with the error.
func New(places int, refusal error) *Lanes {
	return &Lanes{refusal: refusal, places: make(chan struct{}, places), closing: make(chan struct{}),
		byID: map[string]*lane{}, wake: make(chan struct{}, 1), idle: make(chan struct{})}
}

// Pending returns how many partial conversations wait or are worked on.
func (ls *Lanes) Pending() int { return len(ls.places) }

// Push adds a partial conversation to its lane. It waits for a place.
func (ls *Lanes) Push(ctx context.Context, c *conversation.Conversation, r *Receipt) error {
	for {
		room, err := ls.push(ctx, fact{c, r}, r)
		if room == nil {
			return err
		}
		if err := ls.await(ctx, room); err != nil {
			return err
		}
	}
}

// push adds a fact once there is a place, or returns what to wait for while its
// lane is full.
func (ls *Lanes) push(ctx context.Context, f fact, r *Receipt) (room <-chan struct{}, err error) {
	id := f.conversation.ID
	ls.mu.Lock()
	room = ls.full(id, 0)
	ls.mu.Unlock()
	if room != nil {
		return room, nil
	}
	select {
	case ls.places <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-ls.closing:
		return nil, ls.refusal
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if room = ls.full(id, 1); room == nil { // others may have come meanwhile
		err = ls.change(id, r, func(l *lane) { l.facts = append(l.facts, f) })
	}
	if room != nil || err != nil {
		<-ls.places
	}
	return room, err
}

// Offer adds a partial conversation from the inbox to its lane, and calls done
// when it is finished; false when there is no room now. It does not wait: what
// lies in the inbox lies well.
func (ls *Lanes) Offer(c *conversation.Conversation, done func(error)) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.full(c.ID, 0) != nil {
		return false
	}
	select {
	case ls.places <- struct{}{}:
	default:
		return false
	}
	if ls.change(c.ID, nil, func(l *lane) { l.facts = append(l.facts, fact{c, notice(done)}) }) != nil {
		<-ls.places
		return false
	}
	return true
}

func (ls *Lanes) await(ctx context.Context, room <-chan struct{}) error {
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-ls.closing:
		return ls.refusal
	}
}

// full returns what to wait for while the lane is full; nil when it is not. So many
// of the places are the caller's, for this lane, and so is the lock.
func (ls *Lanes) full(id string, mine int) <-chan struct{} {
	l := ls.byID[id]
	if l == nil {
		return nil
	}
	free := cap(ls.places) - len(ls.places) + mine
	if all := len(l.facts) + l.taken; all == 0 || len(l.facts) < mostFacts && all < (free+1)/2 {
		return nil
	}
	if l.room == nil {
		l.room = make(chan struct{})
	}
	return l.room
}

// Settle has the lane look for conclusions that are due; for all there are
// when all is true. r may be nil.
func (ls *Lanes) Settle(id string, all bool, r *Receipt) error {
	return ls.command(id, r, func(l *lane) { l.settle, l.all = true, l.all || all })
}

// Decide has the lane retry or skip the change that a hook refused.
func (ls *Lanes) Decide(id string, do store.Decision, r *Receipt) error {
	return ls.command(id, r, func(l *lane) { l.decision = &do })
}

// Lift has the lane take the tombstone of a vetoed conversation away.
func (ls *Lanes) Lift(id string, r *Receipt) error {
	return ls.command(id, r, func(l *lane) { l.lift, l.reload = true, true })
}

// Reload has the lane look whether another process has taken a tombstone away,
// before it does what comes after.
func (ls *Lanes) Reload(id string) error {
	return ls.command(id, nil, func(l *lane) { l.reload = true })
}

func (ls *Lanes) command(id string, r *Receipt, change func(*lane)) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.change(id, r, func(l *lane) {
		change(l)
		if r != nil {
			l.waiters = append(l.waiters, r)
		}
	})
}

// change changes the lane and makes it ready unless somebody works on it. The
// caller holds the lock: nothing gets in behind Close.
func (ls *Lanes) change(id string, r *Receipt, change func(*lane)) error {
	if ls.closed {
		return ls.refusal
	}
	l := ls.byID[id]
	if l == nil {
		l = &lane{id: id}
		ls.byID[id] = l
	}
	rests := l.empty() && !l.busy
	if r != nil {
		r.add()
	}
	change(l)
	if l.since.IsZero() {
		l.since = time.Now()
	}
	if rests {
		ls.ready = append(ls.ready, l)
	}
	ls.signal()
	return nil
}

func (ls *Lanes) signal() {
	select {
	case ls.wake <- struct{}{}:
	default:
	}
}

// Resting calls do unless somebody works on the conversation, and reports
// whether it did; nobody begins to work on it before do returns.
func (ls *Lanes) Resting(id string, do func()) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.byID[id]; l != nil && l.busy {
		return false
	}
	do()
	return true
}

// IDs returns the ids of the conversations with something to do.
func (ls *Lanes) IDs() []string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.Collect(maps.Keys(ls.byID))
}

// Oldest is since when the oldest of what waits or is worked on is there; zero
// when there is nothing.
func (ls *Lanes) Oldest() (oldest time.Time) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.byID {
		for _, since := range []time.Time{l.begun, l.since} {
			if !since.IsZero() && (oldest.IsZero() || since.Before(oldest)) {
				oldest = since
			}
		}
	}
	return oldest
}

// Close refuses everything that comes from now on. It returns what is closed
// when nothing is left to do.
func (ls *Lanes) Close() (drained <-chan struct{}) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if !ls.closed {
		ls.closed = true
		close(ls.closing)
		ls.closeIdle()
	}
	return ls.idle
}

// closeIdle says that nothing is left. The caller holds the lock.
func (ls *Lanes) closeIdle() {
	if !ls.closed || len(ls.byID) > 0 {
		return
	}
	select {
	case <-ls.idle:
	default:
		close(ls.idle)
	}
}
