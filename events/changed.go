package events

import (
	"slices"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// ConversationChanged fires with each version of the conversation that is
// stored and differs from the one before in what it shows. It is kept where a
// hook asks for it by its type; a hook on [Event] does not take it. Its ID is
// that of the version: how many there are depends on how the facts arrived. A Before
// hook is not asked about a version that only shows attributes which Before hooks
// have set; After hooks get it.
type ConversationChanged struct {
	Header
	// Changed says what differs, by object, without values: those are in the
	// Conversation, which in an After hook may be newer.
	Changed []conversation.Changed `json:"changed"`
}

func (e *ConversationChanged) copied() Event { return copyOf(e) }

// Has reports whether a field of an object of the kind has changed, such as
// calculatedStatus of the conversation or attributes.orderId of a participant.
func (e *ConversationChanged) Has(object conversation.ObjectKind, field string) bool {
	for _, c := range e.Changed {
		if c.Object == object && slices.Contains(c.Fields, field) {
			return true
		}
	}
	return false
}

// Compare says again what differs from the version before. It is for trackers.
func (e *ConversationChanged) Compare(before, after *conversation.Conversation) {
	e.Changed = conversation.Changes(before, after)
}

// ChangedIn returns the event of the version, of which the one before is given
// (nil for the first); nil when nothing that is shown differs. It is for
// trackers.
func ChangedIn(version int64, before, after *conversation.Conversation, at time.Time) *ConversationChanged {
	e := &ConversationChanged{}
	if e.Compare(before, after); len(e.Changed) == 0 {
		return nil
	}
	e.Header = Header{ID: identify(after.ID, TypeConversationChanged, strconv.FormatInt(version, 10)), Type: TypeConversationChanged,
		Time: at, ConversationID: after.ID, Rule: RuleVersion, Conversation: after}
	return e
}
