package pgstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// tablesWith are the tables in a row of which the text stands.
func tablesWith(t *testing.T, s opened, text string) (names []string) {
	t.Helper()
	found, err := s.pool.Query(t.Context(), "select tablename::text from pg_tables where schemaname = $1::text order by 1", s.schema)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, tables, "cdm_forgotten")
	for _, table := range tables {
		var n int
		require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from "+table+" x where strpos(x::text, $1::text) > 0 or strpos(x::text, encode($1::bytea, 'hex')) > 0", text).Scan(&n))
		if n > 0 {
			names = append(names, table)
		}
	}
	return names
}

// everywhere stores a conversation with something in every table.
func everywhere(t *testing.T, s store.Store, id string) {
	t.Helper()
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: id, Start: at,
		Participants: []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{{ID: "s", Segments: []*conversation.Segment{{Type: conversation.SegmentAlert, Start: at}},
			Metrics: []conversation.Metric{{Name: "tAnswered", EmitDate: at}}}}}},
		Transfers: []*conversation.Transfer{{ID: "t"}}, Surveys: []*conversation.Survey{{ID: "v"}}, Evaluations: []*conversation.Evaluation{{ID: "e"}},
		Attributes: map[string]string{"caseId": "of " + id}}, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at}))
	event := store.NewEvent{Event: store.Event{ID: id + ".1", ConversationID: id, Seq: 1, Type: "agent.connected", Time: at, Data: []byte("{}")},
		Deliveries: []store.NewDelivery{{Hook: "hook"}}}
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: id, To: c, Events: []store.NewEvent{event}}}})
	require.NoError(t, err)
	require.NoError(t, done.Results[0].Err)
	require.NoError(t, s.Deposit(t.Context(), []store.Entry{{ConversationID: id, Key: "heard", Owner: "me", At: at, Data: []byte(id)}}))
}

func TestNothingOfAForgottenConversationIsLeftInAnyTable(t *testing.T) {
	s := open(t)
	const id, other = "0a1b2c3d-forget", "0a1b2c3d-keep"
	everywhere(t, s, id)
	everywhere(t, s, other)
	where := tablesWith(t, s, id)
	require.Len(t, where, 11, "%v", where)
	n, err := s.Forget(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Empty(t, tablesWith(t, s, id))
	require.Equal(t, where, tablesWith(t, s, other))
	require.Equal(t, []string{"cdm_forgotten"}, tablesWith(t, s, store.Digest(id)))
}

func TestAConversationWhoseRowIsDeletedIsForgotten(t *testing.T) {
	s := open(t)
	for i, id := range []string{"a", "Zoë 日本語 🙂", "it's \\x41", "b\x00\xff"} {
		everywhere(t, s, id)
		_, err := s.pool.Exec(t.Context(), "delete from cdm_conversation")
		require.NoError(t, err)
		records, err := s.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, store.Record{ID: id, Forgotten: true}, records[0])
		done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{{ID: id, Vetoed: "not ours"}}})
		require.NoError(t, err)
		require.ErrorIs(t, done.Results[0].Err, store.ErrConflict)
		var n int
		require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from cdm_forgotten").Scan(&n))
		require.Equal(t, i+1, n)
	}
}

// A row of version 0 holds a place; it is no conversation.
func TestAChangeThatIsNotWrittenLeavesNoTombstone(t *testing.T) {
	s := open(t)
	c := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c"}, conversation.Statement{By: conversation.SourceREST}))
	for _, change := range []*store.Change{{ID: "c", Version: 3, From: c, To: c}, {ID: "v", Vetoed: "not ours"}} {
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{change}})
		require.NoError(t, err)
	}
	n, err := s.Expire(t.Context(), time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the vetoed one")
	var left int
	require.NoError(t, s.pool.QueryRow(t.Context(), "select (select count(*) from cdm_forgotten) + (select count(*) from cdm_conversation)").Scan(&left))
	require.Zero(t, left)
}

func TestWhoMayWriteDeliveriesMayWriteTheTombstonesThatAMigrationMakes(t *testing.T) {
	schema := cluster.Schema(t)
	installOld(t, schema, "postgres")
	role := rowsOnly(t, schema)
	reporter := newRole(t, "reporter_"+schema)
	cluster.Exec(t, "grant usage on schema "+schema+" to "+reporter, "grant select on all tables in schema "+schema+" to "+reporter)
	s := openIn(t, schema)
	everywhere(t, s, "a")
	everywhere(t, s, "b")
	require.NoError(t, as(t, role, "delete from "+schema+".cdm_conversation where conversation_id = 'a'"))
	mine := openIn(t, schema, sessionAs(role))
	require.NoError(t, mine.Validate(t.Context()))
	n, err := mine.Forget(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = mine.Expire(t.Context(), time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.ErrorContains(t, as(t, reporter, "delete from "+schema+".cdm_forgotten"), "permission denied")
}

// The tables are large: tombstones are looked up by an index, in a commit too.
func TestManyTombstonesCostNoMoreThanALookUp(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "insert into cdm_forgotten select md5(n::text), now() from generate_series(1, 20000) n")
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "analyze cdm_forgotten")
	require.NoError(t, err)
	var plan string
	rows, err := s.pool.Query(t.Context(), "explain select digest from cdm_forgotten where digest = any ($1::text[])", []string{"a", "b"})
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	plan = fmt.Sprint(lines)
	require.NotContains(t, plan, "Seq Scan")
}
