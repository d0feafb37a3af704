package pgstore_test

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/storetest"
)

// Tables of the version before the columns: what is in them is found as what is
// written later, in every moment of every scenario. Of open conversations with
// people who only listen in, or of a callback that is not due, that holds from their
// next change on.
func TestWhatWasStoredBeforeThereWereColumnsForItIsFound(t *testing.T) {
	s := open(t)
	var all []*conversation.Conversation
	for n, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		for k := range story.Snapshots() {
			c := told(t, story.Start, story.Snapshots()[:k+1])
			if supervised(c) || scheduled(c) {
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
	beforeFound(t, s)
	storetest.FindsPresent(t, openIn(t, s.schema), all)
}

// An entry of a btree holds 2704 bytes at the most.
func TestTablesWithACustomersLongAddressAreUpgraded(t *testing.T) {
	long := make([]byte, 10_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(long) // it always succeeds
	address := base64.RawURLEncoding.EncodeToString(long)
	s := open(t)
	said := stated(time.Now(), &conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeCustomer, Address: address}}})
	_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: "c", To: conversation.Merge(nil, said)}}})
	require.NoError(t, err)
	beforeFound(t, s)
	page, err := openIn(t, s.schema).List(t.Context(), store.Query{Address: address})
	require.NoError(t, err)
	require.Len(t, page.Conversations, 1)
}

func TestTheConversationsOfACustomerAreFoundByAnIndex(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "insert into cdm_conversation (conversation_id, version, changed, customer_address) select n, 1, now(), '+31' || n from generate_series(1, 20000) n; analyze cdm_conversation")
	require.NoError(t, err)
	found, err := s.pool.Query(t.Context(), "explain select conversation_id from cdm_conversation where customer_address = $1::text", "+311")
	require.NoError(t, err)
	plan, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, strings.Join(plan, "\n"), "cdm_conversation_customer")
}

// beforeFound takes the tables back to the migration before "found".
func beforeFound(t *testing.T, s opened) {
	t.Helper()
	all, err := pgstore.Migrations(nil)
	require.NoError(t, err)
	view := func(migration, name string) string {
		text, err := fs.ReadFile(all, migration)
		require.NoError(t, err)
		_, view, found := strings.Cut(string(text), "create view "+name+" ")
		require.True(t, found)
		view, _, _ = strings.Cut(view, ";\n")
		return "create view " + name + " " + view
	}
	for _, sql := range []string{"drop view cdm_report_customer, cdm_report_open_conversations",
		"alter table cdm_conversation drop column customer_address, drop column present_user_ids, drop column present_queue_ids",
		"alter table cdm_session drop column requested_routing_skill_ids, drop column requested_language_id, drop column routing_priority",
		"drop type cdm_conversation_row_2, cdm_delivery_row_2, cdm_session_row_2", "alter table cdm_delivery drop column trace", "drop table cdm_forgotten",
		"drop index cdm_conversation_vetoed", "drop index cdm_conversation_aside",
		view("0003_reports.sql", "cdm_report_open_conversations"), view("0005_customer.sql", "cdm_report_customer"),
		"delete from cdm_migration where number >= (select number from cdm_migration where name like '%_found')"} {
		_, err := s.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

func scheduled(c *conversation.Conversation) bool {
	return slices.ContainsFunc(c.Legs(), func(l conversation.Leg) bool { return l.Session.State == conversation.StateScheduled })
}

func supervised(c *conversation.Conversation) bool {
	return slices.ContainsFunc(c.Legs(), func(l conversation.Leg) bool { return l.Supervises })
}
