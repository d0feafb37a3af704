package convtrack

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// SetAttributes states attributes of the host's own of a conversation, such as the
// id of a case; those that are not named stay as they are, and of two values the
// later one wins. It is as durable as Observe, and needs Run as that does. A
// conversation that is not tracked yet is from then on, with all that this
// announces; one that was vetoed is not.
//
// A Before hook sets them with SetAttribute of its event, in the transaction.
func (t *Tracker) SetAttributes(ctx context.Context, conversationID string, attributes map[string]string) error {
	if len(attributes) == 0 {
		return errors.New("convtrack: SetAttributes was given no attributes")
	}
	return t.state(ctx, &conversation.Conversation{ID: conversationID, Attributes: maps.Clone(attributes)})
}

// SetInitiatedBy states which system began a conversation:
// conversation.InitiatedByDCM for one that the host has created through the API.
// Say it before Genesys says anything of the conversation, as soon as its id is
// known, so that conversation.created has it. It is otherwise as SetAttributes.
func (t *Tracker) SetInitiatedBy(ctx context.Context, conversationID string, by conversation.InitiatedBy) error {
	if by == "" {
		return errors.New("convtrack: SetInitiatedBy was not given who began the conversation: conversation.InitiatedByGenesys or InitiatedByDCM")
	}
	return t.state(ctx, &conversation.Conversation{ID: conversationID, InitiatedBy: by})
}

// state observes what the host itself says.
func (t *Tracker) state(ctx context.Context, c *conversation.Conversation) error {
	now := time.Now()
	return t.Observe(ctx, conversation.Update{Conversations: []*conversation.Conversation{
		conversation.State(c, conversation.Statement{By: conversation.SourceHost, At: now, Seen: now})}})
}
