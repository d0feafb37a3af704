// Package wake lets the owners of inboxes wait for entries. It is what the
// engines have in common; how an engine learns of deposits is its own.
package wake

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// Board says whose inbox may have something new. It is safe for concurrent use.
type Board struct {
	watch  func(ctx context.Context)
	linger time.Duration
	most   time.Duration

	mu      sync.Mutex
	closed  bool
	owners  map[string]*owner // those that have read or waited here
	waiting int               // calls of Wait
	// stop ends the watch, over is closed when it has ended; nil while there is
	// none.
	stop context.CancelFunc
	over chan struct{}
	idle *time.Timer // stops the watch
}

// owner is an owner of an inbox.
type owner struct {
	changed bool          // something may have come since Read
	rung    chan struct{} // closed when something comes
	waiting int
}

// New returns a board on which Wake alone tells of deposits.
func New() *Board { return &Board{owners: map[string]*owner{}} }

// Watching returns a board with somebody who watches what others deposit, and
// calls Wake: watch runs until its context ends, from the first Wait until
// linger after the last. As it may miss something, Wait waits at most so long.
func Watching(watch func(ctx context.Context), linger, most time.Duration) *Board {
	b := New()
	b.watch, b.linger, b.most = watch, linger, most
	return b
}

func (b *Board) owner(name string) *owner {
	o := b.owners[name]
	if o == nil {
		o = &owner{changed: true, rung: make(chan struct{})}
		close(o.rung)
		b.owners[name] = o
	}
	return o
}

// Read notes that the owner is about to read its inbox.
func (b *Board) Read(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.owner(name); o.changed {
		o.changed, o.rung = false, make(chan struct{})
	}
}

// Wake notes that something was deposited for the owners.
func (b *Board) Wake(names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		if o := b.owners[name]; o != nil && !o.changed {
			o.changed = true
			close(o.rung)
		}
	}
}

// WakeAll notes that something may have been missed.
func (b *Board) WakeAll() { b.Wake(b.Waiting()...) }

// Waiting returns the owners that wait, in order.
func (b *Board) Waiting() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for name, o := range b.owners {
		if o.waiting > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Wait returns when something may have come for the owner since it has read.
func (b *Board) Wait(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rung, err := b.enter(name) //nolint:contextcheck // the watch outlives the wait
	if err != nil {
		return err
	}
	defer b.leave(name)
	var enough <-chan time.Time
	if b.most > 0 {
		timer := time.NewTimer(b.most)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-rung:
	case <-enough:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return store.ErrClosed
	}
	return nil
}

func (b *Board) enter(name string) (rung chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, store.ErrClosed
	}
	o := b.owner(name)
	o.waiting++
	b.waiting++
	if b.idle != nil {
		b.idle.Stop()
		b.idle = nil
	}
	if b.watch != nil && b.stop == nil {
		b.startWatch()
	}
	return o.rung, nil
}

// startWatch starts the watch. It is called while mu is held.
func (b *Board) startWatch() {
	ctx, cancel := context.WithCancel(context.Background())
	over, before := make(chan struct{}), b.over
	b.stop, b.over = cancel, over
	go func() {
		defer close(over)
		if before != nil {
			<-before
		}
		b.watch(ctx)
	}()
}

func (b *Board) leave(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owners[name].waiting--
	b.waiting--
	if b.waiting > 0 || b.stop == nil || b.closed {
		return
	}
	b.idle = time.AfterFunc(b.linger, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.waiting == 0 && b.stop != nil {
			b.stop()
			b.stop = nil
		}
	})
}

// Close ends all waits and the watch, and returns when that is over.
func (b *Board) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		for _, o := range b.owners {
			if !o.changed {
				o.changed = true
				close(o.rung)
			}
		}
		if b.idle != nil {
			b.idle.Stop()
		}
		if b.stop != nil {
			b.stop()
			b.stop = nil
		}
	}
	over := b.over
	b.mu.Unlock()
	if over != nil {
		<-over
	}
}
