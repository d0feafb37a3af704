package telemetry

import (
	"context"
	"errors"

	"github.com/dcmkit/convtrack/events"
)

// other is the kind of an error that has none of its own, as the conventions
// call it.
const other = "_OTHER"

// kindOf is the kind of an error; empty for none. What the error says may quote
// anything, so nobody is told. The host's own errors may panic when they are asked.
func kindOf(err error) (kind string) {
	if err == nil {
		return ""
	}
	defer func() {
		if recover() != nil {
			kind = other
		}
	}()
	for _, known := range []struct {
		is   error
		kind string
	}{
		{events.ErrPanic, "panic"}, {events.ErrGoexit, "goexit"}, {events.ErrTimeout, "timeout"}, {events.ErrStuck, "stuck"},
		{events.ErrNilError, "nil_error"}, {events.ErrVetoAfter, "veto_after"}, {events.ErrNotYet, "not_yet_after"},
		{context.DeadlineExceeded, "timeout"}, {context.Canceled, "canceled"},
	} {
		if errors.Is(err, known.is) {
			return known.kind
		}
	}
	return other
}
