package conversation

import (
	"context"
	"time"
)

// Update is what a source has to say: partial conversations, a gap in its
// hearing, or both.
type Update struct {
	Conversations []*Conversation
	Gap           *Gap
}

// Gap is a time in which a source heard nothing, so that what happened then
// must be read from the API; or, when Lost is set, what could not be read from
// there either.
type Gap struct {
	Source string // which one: "notifications", "polling" …
	From   time.Time
	To     time.Time // zero while it lasts
	Reason string
	// Lost says that the API refuses to tell what Reason names of this time. It
	// is not asked again: whoever needs it must get it in another way.
	Lost bool
}

// A Sink takes what a source has heard. It returns when the facts are durably
// stored, and only then may the source acknowledge them to whom it has them
// from. It is safe for concurrent use. When ctx ends first the facts may or
// may not be stored; saying them again does no harm.
type Sink func(ctx context.Context, u Update) error
