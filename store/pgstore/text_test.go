package pgstore_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// PostgreSQL refuses the zero byte and what is not UTF-8. What a hook says when
// it fails may have both, and must not cost the outcome.
func TestTextThatTheServerRefusesIsMadeStorable(t *testing.T) {
	const bad = "zero \x00, broken \xff\xc3(, escaped \\u0000 and \\\\u0000"
	good := strings.ReplaceAll(strings.ToValidUTF8(bad, "\ufffd"), "\x00", "\ufffd")
	s := open(t)
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	facts := conversation.State(&conversation.Conversation{ID: "c", Address: bad, DivisionIDs: []string{bad}, KnowledgeBaseIDs: []string{bad},
		Attributes: map[string]string{"a" + bad: bad}}, conversation.Statement{By: conversation.SourceHost, At: at, Seen: at})
	c := &store.Change{ID: "c", To: conversation.Merge(nil, facts), Events: []store.NewEvent{plainEvent("c", 1, "hook")},
		Refused: &store.Refused{Facts: facts, Failure: store.Failure{Hook: "before" + bad, Error: bad, Stack: bad, At: at}}}
	_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{c, {ID: "v", Vetoed: bad}}})
	require.NoError(t, err)
	due, _, err := s.Claim(t.Context(), store.Claim{Owner: bad, Lease: time.Minute, Hooks: []string{"hook", bad}, Limit: 1})
	require.NoError(t, err)
	require.Len(t, due, 1)
	failed := due[0].Outcome(bad, store.Failed)
	failed.Failure = store.Failure{Error: bad, Stack: bad, Type: bad, At: at}
	_, err = s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{failed}})
	require.NoError(t, err)

	odd := newReference(1).create()
	odd.ID, odd.To.ID = "odd \x00", "odd \x00"
	plain := newReference(2).create()
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{plain, odd}})
	require.NoError(t, err)
	for i, id := range []string{plain.ID, odd.ID} {
		require.NoError(t, done.Results[i].Err)
		records, err := s.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, done.Results[i].Version, records[0].Version)
		require.Equal(t, id, records[0].ID)
	}

	page, err := s.Failed(t.Context(), store.FailedQuery{ConversationID: "c", Hook: "hook"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, good, page.Items[0].Error)
	require.Equal(t, good, page.Items[0].Stack)
	records, err := s.Load(t.Context(), "c", "v", bad)
	require.NoError(t, err)
	require.Equal(t, good, records[0].Conversation.Address)
	require.Equal(t, good, records[0].Conversation.Attributes["a"+good])
	require.True(t, utf8.ValidString(records[0].Refused.Error))
	require.Equal(t, good, records[1].Vetoed)
	require.Equal(t, bad, records[2].ID)
	_, err = s.List(t.Context(), store.Query{Attribute: map[string]string{"a" + bad: bad}})
	require.NoError(t, err)
	var readable string
	require.NoError(t, s.pool.QueryRow(t.Context(), "select more ->> 'knowledgeBaseIds' from cdm_conversation where conversation_id = 'c'").Scan(&readable))
}
