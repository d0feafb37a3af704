package sqlitestore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// describe returns the columns of all tables, in any order, the indexes and the
// triggers.
func describe(t *testing.T, statements string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "described.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	described := map[string][]string{}
	rows, err := db.QueryContext(t.Context(), `SELECT 'table ' || m.name || ' ' || m.wr || ' ' || m.strict, c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk || ' ' ||
			coalesce((SELECT f."table" || ' ' || f.on_delete FROM pragma_foreign_key_list(m.name) AS f WHERE f."from" = c.name), '')
		FROM pragma_table_list AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		UNION ALL SELECT m.sql, '' FROM sqlite_schema AS m WHERE m.type IN ('index', 'trigger') AND m.sql IS NOT NULL`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var of, column string
		require.NoError(t, rows.Scan(&of, &column))
		described[of] = append(described[of], column)
	}
	require.NoError(t, rows.Err())
	for _, columns := range described {
		slices.Sort(columns)
	}
	return described
}

// TestTheMigrationsMakeTheTablesOfTheRows fails when a column was added, to
// package rows or here, without a migration.
func TestTheMigrationsMakeTheTablesOfTheRows(t *testing.T) {
	all, err := migrations(DefaultPrefix)
	require.NoError(t, err)
	var text string
	for i, m := range all {
		require.Regexp(t, fmt.Sprintf(`^%04d_[a-z_]+$`, i+1), m.name)
		require.Contains(t, m.text, fmt.Sprintf("VALUES (%d, '%s', ", i+1, m.name), "it notes that it is applied")
		text += m.text
	}
	require.Equal(t, describe(t, schema(DefaultPrefix)), describe(t, text))
}

func TestEveryTableBeginsWithThePrefix(t *testing.T) {
	all, err := migrations("x9_")
	require.NoError(t, err)
	var text string
	for _, m := range all {
		text += m.text
	}
	for of := range describe(t, text) {
		require.Regexp(t, `^(table|CREATE INDEX|CREATE TRIGGER) x9_`, of)
	}
}

func TestEveryTableIsOfTheRows(t *testing.T) {
	for e := range narrow {
		require.NotEmpty(t, e.Table().Columns)
	}
	require.Equal(t, "conversation", rows.Conversation.Table().Name)
}
