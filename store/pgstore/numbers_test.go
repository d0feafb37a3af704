package pgstore_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/pgstore"
)

func TestMigrationsAreNumberedOneByOneAndNoteTheirNumber(t *testing.T) {
	migrations, err := pgstore.Migrations(nil)
	require.NoError(t, err)
	files, err := fs.Glob(migrations, "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, file := range files {
		require.True(t, strings.HasPrefix(file, fmt.Sprintf("%04d_", i+1)), "%s is number %d", file, i+1)
		sql, err := fs.ReadFile(migrations, file)
		require.NoError(t, err)
		require.Contains(t, string(sql), fmt.Sprintf("values (%d, '%s');", i+1, strings.TrimSuffix(file, ".sql")))
	}
}
