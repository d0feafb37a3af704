package sqlitestore

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// A page has room for what is small; what is large goes on in pages of its own.
func TestNothingOfAForgottenConversationIsLeftInTheFile(t *testing.T) {
	const small, large = "Mrs. Small of 4711", "a long letter from Mrs. Large, and "
	path := newPath(t)
	s := opened(t, path, nil)
	said := conversation.State(&conversation.Conversation{ID: "c", KnowledgeBaseIDs: []string{strings.Repeat(large, 600)},
		Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeCustomer, Name: small,
			Attributes: map[string]string{"letter": strings.Repeat(large, 600)}}}}, conversation.Statement{By: conversation.SourceREST})
	said = conversation.Merge(nil, said)
	data := []byte(`{"name":"` + small + `","letter":"` + strings.Repeat(large, 600) + `"}`)
	commit(t, s, call("other"), &store.Change{ID: "c", To: said, Events: []store.NewEvent{{
		Event: store.Event{ID: "c.1", ConversationID: "c", Seq: 1, Data: data}, Deliveries: []store.NewDelivery{{Hook: "h"}}}},
		Refused: &store.Refused{Facts: said, Failure: store.Failure{Hook: "h", Attempts: 1, Error: small, At: time.Unix(1, 0)}}})
	require.NoError(t, s.Deposit(t.Context(), []store.Entry{{ConversationID: "c", Key: "k", Data: data}}))
	holds := func(marker string, files ...string) bool {
		var all []byte
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all = append(all, text...)
		}
		return bytes.Contains(all, []byte(marker))
	}
	require.True(t, holds(small, path, path+"-wal"))
	require.True(t, holds(large, path, path+"-wal"))

	_, err := s.Forget(t.Context(), "c")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoFileExists(t, path+"-wal")
	require.False(t, holds(small, path))
	require.False(t, holds(large, path))
}
