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
// places, kinds and the conversation's id, never other values: they can be
// personal data.
type DecodeError struct {
	What           string // the kind of message, or the topic's kind
	ConversationID string // as far as it is known
	Pointer        string // JSON pointer to the place, relative to What; may be empty
	Reason         string
	Part           bool  // the rest of the message is understood
	Err            error // the category, if there is one
}

// Error implements error.
func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString(e.What)
	if e.ConversationID != "" {
		fmt.Fprintf(&b, " %q", shortened(e.ConversationID))
	}
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

// Refusals returns the refusals that are joined in an error of [Decode], in
// their order.
func Refusals(err error) []*DecodeError {
	switch e := err.(type) { //nolint:errorlint // it looks at each in turn
	case nil:
		return nil
	case *DecodeError:
		return []*DecodeError{e}
	case interface{ Unwrap() []error }:
		var all []*DecodeError
		for _, one := range e.Unwrap() {
			all = append(all, Refusals(one)...)
		}
		return all
	}
	return Refusals(errors.Unwrap(err))
}

// inElement says in which element of a list something was refused.
func inElement(what string, i int, err error) error {
	var errs []error
	for _, d := range Refusals(err) {
		e := *d
		e.What, e.Part = fmt.Sprintf("%s, element %d: %s", what, i+1, d.What), true
		errs = append(errs, &e)
	}
	return errors.Join(errs...)
}

// lost gathers what of a conversation is not understood while the rest is used.
type lost struct {
	what, id string // of the conversation
	errs     []error
}

// add notes what is at the place, if that says anything at all: null and {} do
// not.
func (l *lost) add(v any, reason, place string, indexes ...any) {
	if wire.Empty(v) {
		return
	}
	l.errs = append(l.errs, &DecodeError{What: l.what, ConversationID: l.id, Pointer: fmt.Sprintf(place, indexes...), Reason: reason, Part: true})
}

func (l *lost) err() error { return errors.Join(l.errs...) }

// mostText is how much of a place or an id is named: an attacker chooses how
// deep a document is nested.
const mostText = 200

func shortened(s string) string {
	if len(s) > mostText {
		return s[:mostText] + "…"
	}
	return s
}

// refused turns an error of the JSON decoder into a sentence.
func refused(what string, err error) error {
	var known *DecodeError
	if errors.As(err, &known) {
		return err
	}
	reason, pointer := wire.Explain(err)
	return &DecodeError{What: what, Pointer: shortened(pointer), Reason: reason}
}
