package pgstore_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/storetest"
)

// Tables of the version before the columns: what is in them is found as what is
// written later, in every moment of every scenario. Of open conversations with
// people who only listen in, that holds from their next change on.
func TestWhatWasStoredBeforeThereWereColumnsForItIsFound(t *testing.T) {
	s := open(t)
	var all []*conversation.Conversation
	for n, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		for k := range story.Snapshots() {
			c := told(t, story.Start, story.Snapshots()[:k+1])
			if supervised(c) {
				continue
			}
			named := *c
			named.ID = fmt.Sprintf("%03d-%03d", n, k)
			_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: named.ID, To: &named}}})
			require.NoError(t, err)
			all = append(all, &named)
		}
	}
	storetest.FindsPresent(t, s, all)
	for _, sql := range []string{"alter table cdm_conversation drop column customer_address, drop column present_user_ids, drop column present_queue_ids",
		"drop type cdm_conversation_row_2", "drop type cdm_delivery_row_2", "alter table cdm_delivery drop column trace", "drop table cdm_forgotten", "drop index cdm_conversation_vetoed", "delete from cdm_migration where number >= (select number from cdm_migration where name like '%_found')"} {
		_, err := s.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	storetest.FindsPresent(t, openIn(t, s.schema), all)
}

func supervised(c *conversation.Conversation) bool {
	return slices.ContainsFunc(c.Legs(), func(l conversation.Leg) bool { return l.Supervises })
}
