package wake

import (
	"context"
	"sync"

	"github.com/dcmkit/convtrack/store"
)

// Listeners are those of a process who listen for what is broadcast. They are
// safe for concurrent use; the zero value has none.
type Listeners struct {
	mu     sync.Mutex
	all    map[*listener]bool
	closed bool
}

type listener struct {
	mu   sync.Mutex // one message at a time
	hear func(message []byte)
	over chan struct{}
}

// Listen calls hear for each message until ctx ends or the listeners are closed.
func (ls *Listeners) Listen(ctx context.Context, hear func(message []byte)) error {
	l := &listener{hear: hear, over: make(chan struct{})}
	if !ls.add(l) {
		return store.ErrClosed
	}
	defer ls.remove(l)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.over:
		return store.ErrClosed
	}
}

func (ls *Listeners) add(l *listener) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return false
	}
	if ls.all == nil {
		ls.all = map[*listener]bool{}
	}
	ls.all[l] = true
	return true
}

func (ls *Listeners) remove(l *listener) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.all, l)
}

// Tell hands a message to all who listen.
func (ls *Listeners) Tell(message []byte) {
	for _, l := range ls.list() {
		l.tell(message)
	}
}

func (ls *Listeners) list() []*listener {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	list := make([]*listener, 0, len(ls.all))
	for l := range ls.all {
		list = append(list, l)
	}
	return list
}

func (l *listener) tell(message []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hear(message)
}

// Close ends all listening.
func (ls *Listeners) Close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for l := range ls.all {
		close(l.over)
	}
	ls.all = nil
}
