package sqlitestore

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

var update = flag.Bool("update", false, "write the first migration anew; only while no version of it has been released")

const firstMigration = "migrations/0001_tables.sql"

// describe returns the columns of all tables and indexes.
func describe(t *testing.T, statements string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "described.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	described := map[string][]string{}
	rows, err := db.QueryContext(t.Context(), `SELECT m.type || ' ' || m.name || coalesce(' of ' || m.sql, ''), c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk
		FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'
		UNION ALL SELECT m.sql, '' FROM sqlite_schema AS m WHERE m.type = 'index' AND m.sql IS NOT NULL`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var of, column string
		require.NoError(t, rows.Scan(&of, &column))
		described[of] = append(described[of], column)
	}
	require.NoError(t, rows.Err())
	return described
}

// TestTheMigrationsMakeTheTablesOfTheRows fails when a column was added, to
// package rows or here, without a migration.
func TestTheMigrationsMakeTheTablesOfTheRows(t *testing.T) {
	if *update {
		text := "-- The tables of version 1. Times are microseconds since 1970 in UTC; lists are JSON arrays.\n\n" + schema(DefaultPrefix)
		require.NoError(t, os.WriteFile(firstMigration, []byte(text), 0o644))
	}
	all, err := migrations(DefaultPrefix)
	require.NoError(t, err)
	var text string
	for i, m := range all {
		require.Regexp(t, fmt.Sprintf(`^%04d_[a-z_]+$`, i+1), m.name)
		text += m.text
	}
	require.Equal(t, describe(t, schema(DefaultPrefix)), describe(t, text))
}

func TestEveryTableBeginsWithThePrefix(t *testing.T) {
	all, err := migrations("x9_")
	require.NoError(t, err)
	for of := range describe(t, all[0].text) {
		require.Regexp(t, `^(table|CREATE INDEX) x9_`, of)
	}
}

func TestEveryTableIsOfTheRows(t *testing.T) {
	for e := range narrow {
		require.NotEmpty(t, e.Table().Columns)
	}
	require.Equal(t, "conversation", rows.Conversation.Table().Name)
}
