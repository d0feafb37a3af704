package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestChangesNameWhatDiffersAndNothingThatIsSaidAgain(t *testing.T) {
	for _, s := range genesystest.Scenarios() {
		var c *conversation.Conversation
		for _, data := range s.Story().Snapshots() {
			told, err := genesys.Decode(data, time.Time{})
			require.NoError(t, err)
			m := told.Conversations[0]
			before := c
			c = conversation.Merge(c, m)
			changes := conversation.Changes(before, c)
			if before == nil {
				require.NotEmpty(t, changes)
			} else if before.Status != c.Status {
				require.Equal(t, conversation.ObjectConversation, changes[0].Object)
				require.Contains(t, changes[0].Fields, "calculatedStatus")
			}
			for _, ch := range changes {
				require.NotEmpty(t, ch.ID)
				require.True(t, slices.IsSorted(ch.Fields))
			}
			require.Empty(t, conversation.Changes(c, c))
			require.Empty(t, conversation.Changes(c, conversation.Merge(c, m)), "it is said again")
		}
	}
}

func TestChangesNameAttributesAndHidesWhatIsForTheRules(t *testing.T) {
	by := conversation.Statement{By: conversation.SourceREST}
	before := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p"}}}, by))
	after := conversation.Merge(before, conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{
		{ID: "p", Name: "n", Attributes: map[string]string{"order": "7"}, Sessions: []*conversation.Session{{ID: "s", State: conversation.StateAlerting}}}}}, by))
	require.Equal(t, []conversation.Changed{
		{Object: conversation.ObjectParticipant, ID: "p", Fields: []string{"attributes.order", "participantName"}},
		{Object: conversation.ObjectSession, ID: "s", Fields: []string{"state"}},
	}, conversation.Changes(before, after))
}

func TestChangesOfATextAreThoseOfWhatIsShown(t *testing.T) {
	said := func(second int, code, name string) *conversation.Conversation {
		return conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{
			{ID: "s", WrapUpCode: code, WrapUpName: name}}}}}, conversation.Statement{By: conversation.SourceTopic, Seen: time.Date(2025, 1, 10, 9, 0, second, 0, time.UTC)})
	}
	both := []conversation.Changed{{Object: conversation.ObjectSession, ID: "s", Fields: []string{"wrapUpCode", "wrapUpName"}}}
	first := conversation.Merge(nil, said(1, "w-1", "Sale"))
	next := conversation.Merge(first, said(9, "w-2", ""))
	require.Equal(t, both, conversation.Changes(first, next))
	require.Equal(t, both, conversation.Changes(next, conversation.Merge(next, said(10, "w-1", ""))))
	require.Empty(t, conversation.Changes(next, conversation.Merge(next, said(5, "w-1", "Sold"))))
}
