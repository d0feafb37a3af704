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
	"github.com/dcmkit/convtrack/storetest"
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
	storetest.FindsPresent(t, s, all)
	require.NoError(t, s.Close())
	change(t, path, "DROP INDEX cdm_conversation_customer", "ALTER TABLE cdm_conversation DROP COLUMN customer_address",
		"ALTER TABLE cdm_conversation DROP COLUMN present_user_ids", "ALTER TABLE cdm_conversation DROP COLUMN present_queue_ids",
		"DROP TABLE cdm_forgotten", "ALTER TABLE cdm_delivery DROP COLUMN trace", "DROP INDEX cdm_conversation_vetoed", "DROP INDEX cdm_conversation_aside",
		"ALTER TABLE cdm_session DROP COLUMN requested_routing_skill_ids", "ALTER TABLE cdm_session DROP COLUMN requested_language_id", "ALTER TABLE cdm_session DROP COLUMN routing_priority", "DELETE FROM cdm_migration WHERE number >= 3")
	storetest.FindsPresent(t, opened(t, path, nil), all)
}

// The conversation may never be written again.
func TestAnUpgradeMendsAnOwnNumberThatWasTakenForTheCustomers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	s := opened(t, path, nil)
	call := func(id, own string, direction conversation.Direction, address string, leg conversation.Session) {
		leg.ID, leg.MediaType = "s", conversation.MediaVoice
		c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id, Address: own, OriginatingDirection: direction, Participants: []*conversation.Participant{
			{ID: "p", Purpose: conversation.PurposeCustomer, Address: address, Sessions: []*conversation.Session{&leg}}}}, conversation.Statement{By: conversation.SourceREST}))
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: id, To: c}}})
		require.NoError(t, err)
	}
	call("caller", "tel:+31-20-123 4567", conversation.Inbound, "sip:+31201234567@10.0.0.1;user=phone", conversation.Session{ANI: "tel:+31612345678"})
	call("nobody", "tel:+31201234567", conversation.Inbound, "sip:+31201234567@10.0.0.1;user=phone", conversation.Session{})
	call("called", "tel:+31201234567", conversation.Outbound, "", conversation.Session{DNIS: "tel:+31201234567"})
	require.NoError(t, s.Close())
	for range 2 {
		change(t, path, "UPDATE cdm_conversation SET customer_address = '+31201234567'", "DELETE FROM cdm_migration WHERE number >= 8")
		upgraded := opened(t, path, nil)
		for address, id := range map[string]string{"+31201234567": "called", "+31612345678": "caller"} {
			page, err := upgraded.List(t.Context(), store.Query{Address: address})
			require.NoError(t, err)
			require.Len(t, page.Conversations, 1, address)
			require.Equal(t, id, page.Conversations[0].ID)
		}
		require.NoError(t, upgraded.Close())
		change(t, path, "INSERT INTO cdm_value (name, version, value) VALUES ('sqlitestore/refill', 1, x'')") // an earlier migration asked for it, too
	}
}
