package sqlitestore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// TestOpenNamesWhatIsMissing takes away each table, column and index there is.
func TestOpenNamesWhatIsMissing(t *testing.T) {
	s := opened(t, memoryPath, nil)
	l := <-s.writer
	defer func() { s.writer <- l }()
	change := func(statement string) {
		t.Helper()
		_, err := l.conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	missing := func(harm string) []string {
		t.Helper()
		change("BEGIN; " + harm)
		defer change("ROLLBACK")
		var wrong *SchemaError
		require.ErrorAs(t, s.complete(t.Context(), l), &wrong, harm)
		return wrong.Problems
	}
	for e := rows.Conversation; e <= rows.Migration; e++ {
		table := DefaultPrefix + e.Table().Name
		require.Equal(t, []string{"the table " + table + " is missing"}, missing("DROP TABLE "+table))
		columns := missing("DROP TABLE " + table + "; CREATE TABLE " + table + " (other)")
		for _, c := range e.Table().Columns {
			require.Contains(t, columns, "the column "+table+"."+c.Name+" is missing")
		}
	}
	for _, x := range indexesOf(DefaultPrefix) {
		require.Equal(t, []string{"the index " + x.name + " is missing: " + x.statement()}, missing("DROP INDEX "+x.name))
	}
	require.Equal(t, []string{"the trigger cdm_inbox_forgotten is missing"}, missing("DROP TRIGGER cdm_inbox_forgotten"))
	require.NoError(t, s.complete(t.Context(), l))
}

func TestOpenNamesAColumnOfAnotherType(t *testing.T) {
	path := newPath(t)
	require.NoError(t, opened(t, path, nil).Close())
	change(t, path, "DROP TABLE cdm_value", "CREATE TABLE cdm_value (name TEXT PRIMARY KEY, version TEXT, value BLOB)")
	_, err := Open(t.Context(), path, nil)
	require.ErrorContains(t, err, "the column cdm_value.version is of the type TEXT, and must be INTEGER")
}

// What is more than needed is no fault: a host may have its own indexes.
func TestOpenAllowsMoreThanIsNeeded(t *testing.T) {
	path := newPath(t)
	require.NoError(t, opened(t, path, nil).Close())
	change(t, path, "CREATE INDEX host ON cdm_session (ani)", "ALTER TABLE cdm_session ADD COLUMN host TEXT", "CREATE TABLE cdm_host (n)")
	opened(t, path, nil)
}
