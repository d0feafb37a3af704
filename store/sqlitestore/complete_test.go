package sqlitestore

import (
	"errors"
	"strings"
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
	refused := func(harm, repair, named string) {
		t.Helper()
		change(harm)
		err := s.complete(t.Context(), l)
		var wrong *SchemaError
		require.True(t, errors.As(err, &wrong), "%s: %v", harm, err)
		require.Contains(t, strings.Join(wrong.Problems, "\n"), named)
		require.Len(t, wrong.Problems, 1)
		change(repair)
	}
	for e := rows.Conversation; e <= rows.Migration; e++ {
		table := DefaultPrefix + e.Table().Name
		if e != rows.Migration { // without it no migration is applied: they fail
			refused("PRAGMA legacy_alter_table=ON; ALTER TABLE "+table+" RENAME TO mislaid", "PRAGMA legacy_alter_table=ON; ALTER TABLE mislaid RENAME TO "+table,
				"the table "+table+" is missing")
		}
		for _, c := range e.Table().Columns {
			if e == rows.Migration && c.Name == "number" {
				continue // which migrations are applied is asked by it
			}
			refused("ALTER TABLE "+table+" RENAME COLUMN "+c.Name+" TO mislaid", "ALTER TABLE "+table+" RENAME COLUMN mislaid TO "+c.Name,
				"the column "+table+"."+c.Name+" is missing")
		}
	}
	for _, x := range indexesOf(DefaultPrefix) {
		refused("DROP INDEX "+x.name, x.statement(), x.statement())
	}
	refused("DROP TRIGGER cdm_inbox_forgotten",
		strings.ReplaceAll(strings.ReplaceAll(forgetEntries, "%[1]s", DefaultPrefix), "\n", " "), "the trigger cdm_inbox_forgotten is missing")
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
