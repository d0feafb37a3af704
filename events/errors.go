package events

import (
	"errors"
	"fmt"
)

// The ways in which a hook can fail beside returning an error. They are
// wrapped in a *HookError.
var (
	// ErrPanic: the hook panicked.
	ErrPanic = errors.New("the hook panicked")
	// ErrGoexit: the hook ended its goroutine with runtime.Goexit. A testing.T
	// does that in FailNow.
	ErrGoexit = errors.New("the hook called runtime.Goexit")
	// ErrTimeout: the hook did not return in time. It may still be running.
	ErrTimeout = errors.New("the hook did not return in time")
	// ErrStuck: so many earlier runs of the hook hang that it is not run again
	// until one of them returns.
	ErrStuck = errors.New("too many runs of the hook hang; it must heed its context")
	// ErrNilError: the hook returned a nil pointer of an error type, which is not
	// nil as an error.
	ErrNilError = errors.New("the hook returned a nil pointer as an error; it must return nil itself when all went well")
	// ErrNoHook: no After hook of that name is registered.
	ErrNoHook = errors.New("no such After hook is registered")
	// ErrVetoAfter: an After hook returned a Veto.
	ErrVetoAfter = errors.New("an After hook cannot veto: the event has happened; use a Before hook")
)

// ErrUnknownType is for a stored event whose type this process does not know.
var ErrUnknownType = errors.New("events: not an event type")

// ErrNotYet is for a hook that returned NotYet and cannot.
var ErrNotYet = errors.New("NotYet is an answer of Before hooks on ConversationCreated: everything else has happened")

// HookError says which hook failed on which event. Its text names ids and
// kinds only, and what the hook itself returned or panicked with.
type HookError struct {
	Hook           string
	Timing         Timing
	EventID        string
	EventType      Type
	ConversationID string
	Err            error
	// Stack is where the hook panicked, exited or hangs; empty when it returned
	// an error.
	Stack string
}

// Error implements error.
func (e *HookError) Error() string {
	return fmt.Sprintf("%s hook %q on %s %s of conversation %s: %v", e.Timing, e.Hook, e.EventType, e.EventID, e.ConversationID, e.Err)
}

// Unwrap returns what the hook returned, or one of the errors of this package.
func (e *HookError) Unwrap() error { return e.Err }

// VetoError is what [Veto] returns.
type VetoError struct {
	Hook   string // set by the registry
	Reason string
}

// Error implements error.
func (e *VetoError) Error() string {
	if e.Hook == "" {
		return "vetoed: " + e.Reason
	}
	return fmt.Sprintf("vetoed by hook %q: %s", e.Hook, e.Reason)
}

// NotYetError is what [NotYet] returns.
type NotYetError struct {
	Hook   string // set by the registry
	Reason string
}

// Error implements error.
func (e *NotYetError) Error() string {
	if e.Hook == "" {
		return "not yet decided: " + e.Reason
	}
	return fmt.Sprintf("not yet decided by hook %q: %s", e.Hook, e.Reason)
}

// NotYet is what a Before hook on [ConversationCreated] returns when what has
// been said so far does not show whether the conversation is to be tracked: the
// caller is not known yet. Nothing is announced, and what is heard of the
// conversation is kept aside. The hook is asked again with each new fact, and for
// the last time when the tracker's Config.UndecidedFor has passed since the first
// one. That time the event's MustDecide is true, and NotYet counts as consent: a
// conversation that is lost is worse than one too many. Return [Veto] then to keep
// out what is still not known.
//
// It is no failure. What the hook has written in the transaction is rolled back;
// hooks that are registered after it are not asked. The reason appears in logs:
// no personal data.
func NotYet(reason string) error { return &NotYetError{Reason: reason} }

// Veto is what a Before hook returns to refuse an event, deliberately and
// without noise; see [Before]. The reason appears in logs: no personal data. Set
// attributes to keep something of it: what the hook has written in the transaction may be
// rolled back, as that of the hooks before it is.
func Veto(reason string) error { return &VetoError{Reason: reason} }
