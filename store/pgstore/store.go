package pgstore

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/wake"
)

// Store keeps conversations in PostgreSQL. It is safe for concurrent use.
type Store struct {
	*database
	closed    atomic.Bool
	scratches sync.Pool // of *scratch
	mostFew   int       // see mostFew
	careful   careful

	wakes     *wake.Board
	listening atomic.Bool // deposits are told by the server
	listeners wake.Listeners
}

// enter says whether an operation may begin.
func (s *Store) enter(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

// Close ends the use of the store. The pool stays open: it is the host's.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.wakes.Close()
	s.listeners.Close()
	return nil
}
