package sqlitestore

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A commit that had to move the log into the file would take as long as all of
// the log takes, and all commits behind it would wait.
func TestTheLogIsMovedIntoTheFileWhileNobodyWaitsForIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := opened(t, path, nil)
	size := func(path string) int64 {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Size()
	}
	before := size(path)
	for i := range checkpointAfter {
		commit(t, s, call(fmt.Sprint("c-", i)))
	}
	require.Less(t, size(path+"-wal"), int64(longestLog*4096), "no commit had to move it")
	require.Eventually(t, func() bool { return size(path) > before }, time.Minute, 10*time.Millisecond)
	t.Log(size(path+"-wal"), size(path))
}
