//go:build !race

package genesystest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

// restarted is what the next process has of a conversation that one has stored.
func restarted(t *testing.T, c *conversation.Conversation) *conversation.Conversation {
	t.Helper()
	again, err := conversation.Unpack(conversation.Pack(nil, c))
	require.NoError(t, err)
	return again
}

// TestTheCustomerIsTheSameAfterARestart stops after each message of each form,
// and lets the next process hear the rest, or all again, in any form.
func TestTheCustomerIsTheSameAfterARestart(t *testing.T) {
	for _, scenario := range stories() {
		t.Run(scenario.Name, func(t *testing.T) {
			s := scenario.Story()
			said := make([][]*conversation.Conversation, len(forms))
			for i, form := range forms {
				said[i] = partials(t, form.messages(s))
			}
			for i, first := range said {
				var stored *conversation.Conversation
				for n, p := range first {
					heard := conversation.Merge(stored, p)
					stored = restarted(t, heard)
					was, wasKnown := heard.Customer()
					is, isKnown := stored.Customer()
					require.Equal(t, was, is, forms[i].name)
					require.Equal(t, wasKnown, isKnown, forms[i].name)
					requireNotTheOrganisation(t, was)
					if n != 0 && n != len(first)/2 {
						continue // the customer joins at the beginning
					}
					for j, then := range said {
						c := stored
						for _, p := range then {
							c = conversation.Merge(c, p)
						}
						requireCustomer(t, s, restarted(t, c), forms[i].name != "media topics" && forms[j].name != "media topics")
					}
				}
			}
		})
	}
}
