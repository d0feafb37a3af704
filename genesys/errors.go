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

	// More is how many refusals this one stands for that are not told one by one, as
	// there are too many in the message; else zero. Part says of them that the
	// message states something of each of their conversations.
	More  int
	about map[string]bool // of More: their conversations; "" for what is about none
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
