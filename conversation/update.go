package conversation

import (
	"context"
	"time"
)

// Update is what a source has to say: partial conversations, hints, a gap in
// its hearing, or several of them.
type Update struct {
	Conversations []*Conversation
	Hints         []Hint
	Gap           *Gap
}

// Hint says that something happened to a conversation, not what: a flow called,
// the agent's browser did. What it is about comes from people's hands, so that
// nothing of it is believed but the id.
//
// A hint is as durable as a fact when the sink returns. It wakes a read of that
// conversation through the API within a second, as far as the rate limit has
// room, once however many hints came; also after a crash. A hint about a
// conversation that a hook has vetoed costs nothing.
type Hint struct {
	ConversationID string
	// At is when it happened, as its sender says; zero when it does not say.
	At time.Time
	// By is the mechanism that it came through: "data action", "client app".
	By string
}

// Gap is a time in which a source heard nothing, so that what happened then
// must be read from the API; or, when Lost is set, what could not be read from
// there either.
type Gap struct {
	Source string    // which one: "notifications", "polling" …
	From   time.Time // zero: the source has never heard before
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
