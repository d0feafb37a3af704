package integrationtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// mountSmall puts a small disk in memory at a directory, which needs root.
func mountSmall(dir string, bytes int) error {
	return syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
}

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

// ownedBy gives a directory to the account that runs the server.
func ownedBy(t *testing.T, c *pgtest.Cluster, dir string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.ConnString)
	require.NoError(t, err)
	var data string
	err = conn.QueryRow(t.Context(), "select current_setting('data_directory')").Scan(&data)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	is, err := os.Stat(data)
	require.NoError(t, err)
	owner := is.Sys().(*syscall.Stat_t)
	require.NoError(t, os.Chown(dir, int(owner.Uid), int(owner.Gid)))
	// The directories above are this process's alone.
	for above := dir; above != os.TempDir() && len(above) > 1; above = filepath.Dir(above) {
		require.NoError(t, os.Chmod(above, 0o755)) //nolint:gosec // the server is another account
	}
}
