package genesys

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// ErrUnknownShape is wrapped by the error for a document that is valid JSON
// but none of the messages of this package.
var ErrUnknownShape = errors.New("not a Genesys message that is known here")

// DecodeError says why a message, or a part of it, was refused. Its text names
// places and kinds, never values: they can be personal data.
type DecodeError struct {
	What    string // the kind of message, or the topic's kind
	Pointer string // JSON pointer to the place, relative to What; may be empty
	Reason  string
	Err     error // the category, if there is one
}

// Error implements error.
func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString(e.What)
	if e.Pointer != "" {
		fmt.Fprintf(&b, " at %s", e.Pointer)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	return b.String()
}

// Unwrap returns the category, for example ErrUnknownShape.
func (e *DecodeError) Unwrap() error { return e.Err }

func refuse(what, reason string, args ...any) *DecodeError {
	return &DecodeError{What: what, Reason: fmt.Sprintf(reason, args...)}
}

// mostPointer is how much of a place is named: an attacker chooses how deep a
// document is nested.
const mostPointer = 200

// refused turns an error of the JSON decoder into a sentence.
func refused(what string, err error) error {
	var known *DecodeError
	if errors.As(err, &known) {
		return err
	}
	reason, pointer := wire.Explain(err)
	if len(pointer) > mostPointer {
		pointer = pointer[:mostPointer] + "…"
	}
	return &DecodeError{What: what, Pointer: pointer, Reason: reason}
}
