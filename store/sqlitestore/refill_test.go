package sqlitestore

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// A file of the version before the columns: what is in it is found as what is
// written later, in every moment of every scenario.
func TestWhatWasStoredBeforeThereWereColumnsForItIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	s := opened(t, path, nil)
	var all []*conversation.Conversation
	for n, scenario := range genesystest.Scenarios() {
		var c *conversation.Conversation
		for k, data := range scenario.Story().Snapshots() {
			m, err := genesys.Decode(data, scenario.Story().Start)
			require.NoError(t, err)
			for _, said := range m.Conversations {
				c = conversation.Merge(c, said)
			}
			named := *c
			named.ID = fmt.Sprintf("%03d-%03d", n, k)
			_, err = s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: named.ID, To: &named}}})
			require.NoError(t, err)
			all = append(all, &named)
		}
	}
	requireFound(t, s, all)
	require.NoError(t, s.Close())
	change(t, path, "DROP INDEX cdm_conversation_customer", "ALTER TABLE cdm_conversation DROP COLUMN customer_address",
		"ALTER TABLE cdm_conversation DROP COLUMN present_user_ids", "ALTER TABLE cdm_conversation DROP COLUMN present_queue_ids",
		"DROP TABLE cdm_forgotten", "DROP INDEX cdm_conversation_vetoed", "DELETE FROM cdm_migration WHERE number >= 3")
	requireFound(t, opened(t, path, nil), all)
}

// requireFound asks for everybody and everything that has a conversation, or is
// its customer.
func requireFound(t *testing.T, s *Store, all []*conversation.Conversation) {
	t.Helper()
	asked := map[string]store.Query{}
	ask := func(q store.Query) { asked[fmt.Sprintf("%+v", q)] = q }
	for _, c := range all {
		customer, _ := c.Customer()
		for _, user := range c.PresentUsers() {
			ask(store.Query{PresentUserID: user})
		}
		for _, queue := range c.PresentQueues() {
			ask(store.Query{PresentQueueID: queue})
		}
		if customer.Address != "" {
			ask(store.Query{Address: customer.Address})
		}
	}
	require.Greater(t, len(asked), 5)
	for _, q := range asked {
		want := 0
		for _, c := range all {
			if q.Selects(c, c.Start) {
				want++
			}
		}
		n, err := s.Count(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, want, n, "%+v", q)
	}
}
