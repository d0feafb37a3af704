package events

import (
	"slices"

	"github.com/dcmkit/convtrack/conversation"
)

// Unannounced returns the events that the state of the conversation implies
// and that have not been announced, neither under their id nor under an alias,
// in order. It is for trackers.
func Unannounced(c *conversation.Conversation, announced func(id string) bool) []Event {
	return slices.DeleteFunc(Derive(c), func(e Event) bool {
		h := e.Head()
		return announced(h.ID) || slices.ContainsFunc(h.aliases, func(a alias) bool { return announced(a.id(h.ConversationID)) })
	})
}
