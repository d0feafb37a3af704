package events

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"
)

// grace is how long a hook whose context has ended may take to return before
// it counts as hanging.
const grace = 100 * time.Millisecond

// mostStuck is how many runs of one hook may hang before it is not run again.
const mostStuck = 64

// outcome is how a run ended. What has to be asked of the host's error is asked
// while the run is guarded: its methods can panic, too.
type outcome struct {
	err      error
	stack    string
	veto     *VetoError
	notYet   *NotYetError
	deadline bool // err is context.DeadlineExceeded
}

// call runs the hook on a goroutine of its own, so that a panic, a Goexit or a
// hang is its failure alone.
func (k *hook) call(ctx context.Context, e Event) error {
	if k.stuck.Load() >= mostStuck {
		return k.failed(e, outcome{err: ErrStuck})
	}
	ctx, cancel := context.WithTimeoutCause(ctx, k.timeout, ErrTimeout)
	defer cancel()
	done := make(chan outcome, 1)
	go k.guarded(ctx, e, done)
	var result outcome
	select {
	case result = <-done:
	case <-ctx.Done():
		select {
		case result = <-done:
		case <-time.After(grace):
			k.stuck.Add(1)
			name, stack := hanging.find()
			go func() { <-done; hanging.forget(name); k.stuck.Add(-1) }()
			result = outcome{err: context.Cause(ctx), stack: stack}
		}
	}
	if result.err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrTimeout) && result.deadline {
		result.err = fmt.Errorf("%w (%v): %w", ErrTimeout, k.timeout, result.err)
	}
	return k.failed(e, result)
}

func (k *hook) failed(e Event, o outcome) error {
	if o.veto != nil {
		if k.timing == TimingBefore {
			return &VetoError{Hook: k.name, Reason: o.veto.Reason}
		}
		o.err = ErrVetoAfter
	}
	h := e.Head()
	if o.notYet != nil {
		if k.timing == TimingBefore && h.Type == TypeConversationCreated {
			return &NotYetError{Hook: k.name, Reason: o.notYet.Reason}
		}
		o.err = ErrNotYet
	}
	return &HookError{Hook: k.name, Timing: k.timing, EventID: h.ID, EventType: h.Type,
		ConversationID: h.ConversationID, Err: o.err, Stack: o.stack}
}

func (k *hook) guarded(ctx context.Context, e Event, done chan<- outcome) {
	returned := false
	defer func() {
		switch r := recover(); {
		case r != nil:
			err := fmt.Errorf("%w: %v", ErrPanic, r)
			if cause, ok := r.(error); ok {
				err = fmt.Errorf("%w: %w", ErrPanic, cause)
			}
			done <- outcome{err: err, stack: string(debug.Stack())}
		case !returned:
			done <- outcome{err: ErrGoexit, stack: string(debug.Stack())}
		}
	}()
	var err error
	switch {
	case !k.accepts(e) || !k.takesOnly(e.Head().Type): // a hook of its name took it once
	case k.matches(e) || k.timing == TimingAfter: // which was decided when it was committed: the conversation may be another one by now
		err = k.run(ctx, e)
	}
	result := inspected(err)
	returned = true
	done <- result
}

// inspected asks an error that a hook returned what the caller needs to know.
func inspected(err error) outcome {
	if err == nil {
		return outcome{}
	}
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return outcome{err: fmt.Errorf("%w: %T", ErrNilError, err)}
	}
	_ = err.Error()
	o := outcome{err: err, deadline: errors.Is(err, context.DeadlineExceeded)}
	if !errors.As(err, &o.veto) {
		errors.As(err, &o.notYet)
	}
	return o
}
