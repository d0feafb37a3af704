package main_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
)

// expected are the Common Events, each with its id, that follow from messages of
// one conversation.
func expected(t *testing.T, messages ...[]byte) (list []event) {
	t.Helper()
	var joined *conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		for _, c := range m.Conversations {
			joined = conversation.Merge(joined, c)
		}
	}
	for _, e := range events.Derive(joined) {
		list = append(list, event{e.Head().ID, string(e.Head().Type), e.Head().ConversationID})
	}
	require.NotEmpty(t, list)
	return list
}

// holdsAll reports whether each of the events is among those that are printed.
func holdsAll(printed, list []event) bool {
	return !slices.ContainsFunc(list, func(e event) bool { return !slices.Contains(printed, e) })
}
