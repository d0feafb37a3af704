package rows_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tables is an engine at its plainest: rows by their keys.
type tables struct {
	state map[string][]rows.Value // of conversations
	rows  map[rows.Entity]map[string][]rows.Value
}

func newTables() *tables {
	t := &tables{state: map[string][]rows.Value{}, rows: map[rows.Entity]map[string][]rows.Value{}}
	for _, e := range rows.Children() {
		t.rows[e] = map[string][]rows.Value{}
	}
	return t
}

// write writes what changes, and returns the number of rows.
func (t *tables) write(tb require.TestingT, from, to *conversation.Conversation) int {
	var b rows.Batch
	n := 0
	if state := b.Add(change(from, to)); state != nil {
		require.Len(tb, state, len(rows.Conversation.Table().State()))
		t.state[to.ID] = slices.Clone(state)
		n++
	}
	for _, s := range b.Superseded() {
		maps.DeleteFunc(t.rows[rows.Segment], func(_ string, row []rows.Value) bool {
			return row[0].Text == s.ConversationID && row[1].Text == s.SessionID
		})
	}
	for _, e := range rows.Children() {
		table := e.Table()
		seen := map[string]bool{}
		for row := range slices.Chunk(b.Values(e), len(table.Columns)) {
			require.Len(tb, row, len(table.Columns))
			for i, c := range table.Columns {
				require.True(tb, row[i].Valid || !c.Required, "%s.%s is null", table.Name, c.Name)
			}
			key := fmt.Sprint(row[:table.Keys])
			require.False(tb, seen[key], "two rows of %s with the same key", table.Name)
			seen[key] = true
			t.rows[e][key] = slices.Clone(row)
			n++
		}
	}
	return n
}

// read reads a conversation.
func (t *tables) read(tb require.TestingT, id string) *conversation.Conversation {
	var r rows.Reader
	require.NoError(tb, r.Conversation(id, t.state[id]))
	for _, e := range rows.Children() {
		keys := slices.SortedFunc(maps.Keys(t.rows[e]), func(a, b string) int { return strings.Compare(b, a) }) // any order will do
		slices.SortStableFunc(keys, func(a, b string) int { return strings.Compare(t.rows[e][a][1].Text, t.rows[e][b][1].Text) })
		for _, key := range keys {
			require.NoError(tb, r.Add(e, t.rows[e][key]))
		}
	}
	return r.Build(id)
}

func encoded(tb require.TestingT, c *conversation.Conversation) string {
	b, err := conversation.Encode(c)
	require.NoError(tb, err)
	return string(b)
}

func change(from, to *conversation.Conversation) *store.Change {
	return &store.Change{Version: 1, From: from, To: to}
}
