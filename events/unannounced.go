package events

import (
	"slices"

	"github.com/dcmkit/convtrack/conversation"
)

// Unannounced returns the events that the state of the conversation implies
// and that have not been announced, neither under their id nor under an alias,
// in order; of the further ones those that are wanted. It is for trackers.
func Unannounced(c *conversation.Conversation, wants Wanted, announced func(id string) bool) []Event {
	return slices.DeleteFunc(derive(c, wants, announced), func(e Event) bool { return e.Head().Known(announced) })
}

// Known reports whether a set of ids has the event, under its id or an alias.
func (h *Header) Known(has func(id string) bool) bool {
	return has(h.ID) || slices.ContainsFunc(h.aliases, func(a alias) bool { return has(a.id(h.ConversationID)) })
}
