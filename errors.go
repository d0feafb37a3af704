package convtrack

import (
	"errors"
	"fmt"

	"github.com/dcmkit/convtrack/internal/commit"
)

var (
	// ErrStopped: Run has ended, or is draining; what Observe was given was
	// not accepted.
	ErrStopped = errors.New("convtrack: the tracker has stopped; it was not accepted")
	// ErrRunning: Run was called a second time.
	ErrRunning = errors.New("convtrack: Run may be called once; make a new Tracker with New to run again")
	// ErrInBefore: a Before hook, or an After hook in a transaction, called the
	// tracker. It holds a transaction open, so the call could wait for itself
	// for ever.
	ErrInBefore = errors.New("convtrack: a hook in the store's transaction must not call the tracker: use the event's Conversation, and the transaction for your own writes")
	// ErrNotVetoed: Track was called of a conversation that no hook has vetoed.
	ErrNotVetoed = errors.New("convtrack: no Before hook has vetoed the conversation; it needs no Track")
	// ErrNoReader: Track was called, and no source can read a conversation.
	ErrNoReader = errors.New("convtrack: none of the sources given to Run can read a conversation; give it one that asks the API, such as polling")
	// ErrBusy: a conversation was changed by others so often meanwhile that its
	// change was given up.
	ErrBusy = commit.ErrBusy
)

// SourceError says which source ended for good, and why.
type SourceError struct {
	Source string // its type, or its String
	Err    error
}

// Error implements error.
func (e *SourceError) Error() string {
	return fmt.Sprintf("convtrack: source %s ended: %v", e.Source, e.Err)
}

// Unwrap returns the source's error.
func (e *SourceError) Unwrap() error { return e.Err }
