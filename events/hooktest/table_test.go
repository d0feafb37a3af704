package hooktest_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
)

// host opens a database beside the store, as a host does, and makes a table.
func host(t *testing.T, path, table string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), table)
	require.NoError(t, err)
	return db
}

func one(t *testing.T, db *sql.DB, query string) (text string) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&text))
	return text
}
