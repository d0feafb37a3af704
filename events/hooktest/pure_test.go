package hooktest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

func TestADefinitionThatHasNoAnswerIsNoDefinitionThatFindsNothing(t *testing.T) {
	hooks := events.NewHooks()
	events.Define(hooks, "case.escalated", func(c *conversation.Conversation) []events.Fact[string] {
		return []events.Fact[string]{{Data: c.Participants[0].ID}} // a conversation may have none yet
	})
	facts, err := answers(hooks, &conversation.Conversation{ID: "c-1", Participants: []*conversation.Participant{{ID: "p-1"}}})
	require.NoError(t, err)
	require.Len(t, facts, 1)
	_, err = answers(hooks, &conversation.Conversation{ID: "c-1"})
	require.ErrorContains(t, err, `"case.escalated": it panicked with a runtime.boundsError`)
	require.ErrorContains(t, err, "pure_test.go", "where it panicked")
}
