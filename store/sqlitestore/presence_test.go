package sqlitestore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func TestAFileThatIsGoneIsNotWrittenToInVain(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"deleted":                os.Remove,
		"moved":                  func(path string) error { return os.Rename(path, path+".old") },
		"its directory is moved": func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old") },
		"replaced": func(path string) error {
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path+".new", data, 0o600)
			}
			if err == nil {
				err = os.Rename(path+".new", path)
			}
			return err
		},
		"emptied":            func(path string) error { return os.Truncate(path, 0) },
		"cut short":          func(path string) error { return os.Truncate(path, 8192) },
		"its log is deleted": func(path string) error { return os.Remove(path + "-wal") },
		"its log is emptied": func(path string) error { return os.Truncate(path+"-wal", 0) },
		"its log is cut":     func(path string) error { return os.Truncate(path+"-wal", 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			s, err := Open(t.Context(), path, nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = s.Close() }) // it may fail on what is left of the file
			commit(t, s, call("before"))
			change(t, path, "PRAGMA wal_checkpoint(TRUNCATE)") // so that the file has it
			commit(t, s, call("then"))
			require.NoError(t, harm(path))
			for range 2 {
				_, err = s.Commit(t.Context(), store.Batch{Changes: []*store.Change{call("after")}})
				require.Error(t, err)
			}
			if name != "emptied" && name != "cut short" { // SQLite may see that itself
				require.ErrorIs(t, err, ErrGone)
			}
		})
	}
}

// VACUUM makes the file shorter, too, and takes nothing away.
func TestAFileThatIsVacuumedIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := opened(t, path, nil)
	size := func() int64 {
		change(t, path, "PRAGMA wal_checkpoint(TRUNCATE)")
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Size()
	}
	_, err := s.SetValue(t.Context(), "large", make([]byte, 1<<20), 0)
	require.NoError(t, err)
	before := size()
	_, err = s.SetValue(t.Context(), "large", nil, 1)
	require.NoError(t, err)
	change(t, path, "VACUUM")
	require.Less(t, size(), before)
	commit(t, s, call("after"), call("and more"))
}

// A check costs a few microseconds beside a commit of milliseconds.
func BenchmarkPresence(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), nil)
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	for b.Loop() {
		require.NoError(b, s.file.check(nil))
	}
}
