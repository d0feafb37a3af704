package sqlitestore

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// TestABackupIsRestoredAsThePackageSays: VACUUM INTO while the store is in use, a
// process that dies with its log beside the file, and the copy in the place of the file.
func TestABackupIsRestoredAsThePackageSays(t *testing.T) {
	path := newPath(t)
	s := opened(t, path, nil)
	for _, id := range []string{"a", "b"} {
		commit(t, s, call(id))
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	change(t, path, "VACUUM INTO '"+backup+"'")
	for _, id := range []string{"c", "d", "e"} {
		commit(t, s, call(id))
	}
	died := copied(t, path, "", "-wal", "-shm") // as a process leaves it that dies here
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, ids(t, opened(t, copied(t, died, "", "-wal", "-shm"), nil)))

	restored := copied(t, died, "", "-wal", "-shm")
	require.NoError(t, os.Remove(restored+"-wal"))
	require.NoError(t, os.Remove(restored+"-shm"))
	data, err := os.ReadFile(backup)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(restored, data, 0o600))
	again := opened(t, restored, nil)
	require.Equal(t, []string{"a", "b"}, ids(t, again))
	commit(t, again, call("f"))
	require.Equal(t, []string{"a", "b", "f"}, ids(t, again))
}

// copied copies the parts of a file, and returns the path of the copy.
func copied(t *testing.T, path string, parts ...string) string {
	t.Helper()
	to := newPath(t)
	for _, part := range parts {
		data, err := os.ReadFile(path + part)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to+part, data, 0o600))
	}
	return to
}

// ids are those of all conversations.
func ids(t *testing.T, s *Store) (all []string) {
	t.Helper()
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	for _, c := range page.Conversations {
		all = append(all, c.ID)
	}
	slices.Sort(all)
	return all
}
