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
