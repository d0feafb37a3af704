package main_test

import (
	"bytes"
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func TestATableOfCasesOfAnotherProgramEndsTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "backend.db")
	s, err := sqlitestore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	database := cluster.URL(cluster.Schema(t))
	for _, c := range []struct{ store, driver, source string }{
		{"sqlite:" + file, "sqlite", "file:" + file},
		{database, "pgx", database},
	} {
		db, err := sql.Open(c.driver, c.source)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "create table dcm_case (case_id text primary key, caller text not null unique, owner text not null)")
		require.NoError(t, err)
		require.NoError(t, db.Close())
		said := &text{}
		p := command(t, nil, "-listen", "127.0.0.1:0", "-store", c.store)
		p.Stderr = said
		_ = p.Run()
		require.Equal(t, 1, p.ProcessState.ExitCode(), said)
		require.Regexp(t, `backend: the table dcm_case is not one that this backend can use: .*conversation_id.*; if it is another program's, name a database of the backend's own with -store`, said.String())
		require.NotContains(t, said.String(), "on:  HTTP")
	}
}

func TestWhereTheTablesAreThereARoleIsEnoughThatMayNotCreateAny(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	database := cluster.URL(schema)
	require.Zero(t, start(t, database).stop(), "it makes the tables")
	role := "role_" + schema
	cluster.Exec(t, "create role "+role+" login", "grant usage on schema "+schema+" to "+role,
		"grant select, insert, update, delete on all tables in schema "+schema+" to "+role)
	t.Cleanup(func() { cluster.Exec(t, "drop owned by "+role+" cascade", "drop role "+role) })
	address, err := url.Parse(database)
	require.NoError(t, err)
	query := address.Query()
	query.Set("user", role)
	address.RawQuery, address.User = query.Encode(), nil

	p := start(t, address.String(), "CONVTRACK_TOKENS="+token)
	story := genesystest.BlindTransferToQueue()
	p.post(story.Envelopes())
	p.until(func() bool { return has(p.events(story.ID), "conversation.ended") })
	p.quiet()
	require.Zero(t, p.stop())
}

// EventBridge tells again for a day what a backend that was down did not take. The table
// was made before it said since when somebody has a case.
func TestWhatIsHeardLateOfAnEarlierAgentTakesNoCase(t *testing.T) {
	t.Parallel()
	file, database := filepath.Join(t.TempDir(), "backend.db"), cluster.URL(cluster.Schema(t))
	story := genesystest.BlindTransferToQueue()
	var late, rest [][]byte
	for _, envelope := range story.Envelopes() {
		if bytes.Contains(envelope, []byte(`"userId":"user-a"`)) {
			late = append(late, envelope)
		} else {
			rest = append(rest, envelope)
		}
	}
	require.NotEmpty(t, late)
	for _, c := range []struct{ store, driver, source string }{
		{"sqlite:" + file, "sqlite", "file:" + file},
		{database, "pgx", database},
	} {
		require.Zero(t, start(t, c.store).stop(), "it makes the table")
		db, err := sql.Open(c.driver, c.source)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "alter table dcm_case drop column owner_since")
		require.NoError(t, err)

		p := start(t, c.store, "CONVTRACK_TOKENS="+token)
		p.post(rest)
		p.until(func() bool { return has(p.events(story.ID), "agent.left") })
		p.post(late)
		p.until(func() bool {
			answers := slices.DeleteFunc(p.events(story.ID), func(e event) bool { return e.Type != "agent.connected" })
			return len(answers) == 2
		})
		p.quiet()
		require.Zero(t, p.stop())
		var owner string
		require.NoError(t, db.QueryRowContext(t.Context(), "select owner from dcm_case where conversation_id = $1", story.ID).Scan(&owner))
		require.Equal(t, "user-b", owner)
		require.NoError(t, db.Close())
	}
}
