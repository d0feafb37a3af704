package integrationtest_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func TestWhatAnOptionalHookBreaksInItsTransactionIsUndoneAndTheChangeIsMade(t *testing.T) {
	db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	hooks := events.NewHooks()
	events.Before(hooks, "optional", func(ctx context.Context, e *events.ConversationCreated) error {
		tx, ok := sqlitestore.Tx(ctx)
		require.True(t, ok)
		_, err := tx.ExecContext(ctx, "create table mine (id text)")
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "insert into nobodys values (1)")
		return err
	}, events.Optional())
	tracker, err := convtrack.New(db, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	defer run(t, tracker)()
	s := genesystest.BlindTransferToQueue()
	require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, s.Snapshots()[0])}))
	_, err = tracker.Get(t.Context(), s.ID)
	require.NoError(t, err)
}

// By the file itself: nothing of the id is in any table.
func TestNothingOfAForgottenConversationIsLeftInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlitestore.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	hooks := events.NewHooks()
	events.After(hooks, "fails", func(context.Context, events.Event) error { return errors.New("it never works") }, events.Attempts(1))
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	defer run(t, tracker)()
	one := genesystest.BlindTransferToQueue()
	for _, m := range one.Snapshots() {
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, m)}))
	}
	_, err = tracker.Forget(t.Context(), one.ID)
	require.NoError(t, err)
	require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, one.Snapshots()[0])}))
	require.Empty(t, sqliteTablesWith(t, path, one.ID))
}

// sqliteTablesWith are the tables of a file in a row of which the text stands.
func sqliteTablesWith(t *testing.T, path, text string) (found []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	names := func(query string, args ...any) (list []string) {
		rows, err := db.QueryContext(t.Context(), query, args...)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			list = append(list, name)
		}
		require.NoError(t, rows.Err())
		return list
	}
	tables := names("SELECT name FROM sqlite_schema WHERE type = 'table'")
	require.Contains(t, tables, "cdm_forgotten")
	for _, table := range tables {
		for _, column := range names("SELECT name FROM pragma_table_info(?)", table) {
			if len(names("SELECT 'x' FROM "+table+" WHERE instr(CAST("+column+" AS BLOB), CAST(? AS BLOB)) > 0", text)) > 0 {
				found = append(found, table+"."+column)
			}
		}
	}
	return found
}
