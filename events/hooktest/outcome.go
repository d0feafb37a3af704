package hooktest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Outcome is what became of a conversation.
type Outcome struct {
	// Conversation is as it is stored in the end; nil when it is not tracked: its
	// creation was vetoed, or a Before hook has failed on it for good.
	Conversation *conversation.Conversation
	// Events are what was announced, in order, those included that no After hook
	// takes. Their Conversation is the one above.
	Events []events.Event
	// Vetoed are the ids of the events that were vetoed, in order.
	Vetoed []string
	// Failed is what hooks have failed on for good.
	Failed []store.FailedItem

	hooks *events.Hooks
}

// Types are the types of what was announced, in order.
func (o *Outcome) Types() (types []events.Type) {
	for _, e := range o.Events {
		types = append(types, e.Head().Type)
	}
	return types
}

// Of returns what was announced of a type of events.
func Of[E events.Event](o *Outcome) (list []E) {
	for _, e := range o.Events {
		if is, ok := e.(E); ok {
			list = append(list, is)
		}
	}
	return list
}

func (o *Outcome) read(ctx context.Context, t *testing.T, tracker *convtrack.Tracker, id string) {
	for item, err := range tracker.Failed(ctx, store.FailedQuery{}) {
		require.NoError(t, err)
		if item.ConversationID == id {
			o.Failed = append(o.Failed, item)
		}
	}
	c, err := tracker.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return
	}
	require.NoError(t, err)
	o.Conversation = c
	logged, err := tracker.Events(ctx, id)
	require.NoError(t, err)
	for _, l := range logged {
		e, err := o.hooks.Decode(events.Header{ID: l.ID, Type: events.Type(l.Type), Time: l.Time, ConversationID: id, Conversation: c}, l.Data)
		require.NoError(t, err)
		o.Events = append(o.Events, e)
		if l.Vetoed {
			o.Vetoed = append(o.Vetoed, l.ID)
		}
	}
}
