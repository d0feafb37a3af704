package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// child says that the process is one that the tests have started: it starts a
// cluster, says where it is, and waits for its end.
const child = "CONVTRACK_PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		c, err := Start("")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(c.server.dir)
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T) *Cluster {
	t.Helper()
	c, err := Start("")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestAClusterIsFreshAndSyncsToDisk(t *testing.T) {
	c := start(t)
	require.True(t, c.Private())
	pool := c.Pool(t, c.Schema(t))
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "server_encoding": "UTF8"} {
		var is string
		require.NoError(t, pool.QueryRow(t.Context(), "show "+setting).Scan(&is))
		require.Equal(t, want, is, setting)
	}
}

func TestWhatWasCommittedIsThereAfterARestart(t *testing.T) {
	c := start(t)
	schema := c.Schema(t)
	c.Exec(t, "create table "+schema+".x as select 1 as n")
	require.NoError(t, c.Restart())
	var n int
	require.NoError(t, c.Pool(t, schema).QueryRow(t.Context(), "select n from x").Scan(&n))
	require.Equal(t, 1, n)
}

func TestAfterCloseNothingIsLeft(t *testing.T) {
	c, err := Start("")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	gone(t, c.server.dir, c.ConnString)
}

func TestWhenTheProcessIsKilledNothingIsLeft(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), child+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	dir := strings.TrimSpace(line)
	require.DirExists(t, dir)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	gone(t, dir, (&server{dir: dir}).connString())
}

// gone demands that nothing is left but an empty folder at most: where only root
// may write to the folder for temporary files, the server's account empties its own
// and cannot remove it.
func gone(t *testing.T, dir, connString string) {
	t.Helper()
	require.Eventually(t, func() bool {
		files, err := os.ReadDir(dir)
		return os.IsNotExist(err) || err == nil && len(files) == 0
	}, 30*time.Second, 20*time.Millisecond, "%s is still there", dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := pgx.Connect(ctx, connString)
	require.Error(t, err)
}

func TestAConnectionStringOfEitherFormTakesASchema(t *testing.T) {
	for connString, want := range map[string]string{
		"host=/tmp user=postgres":             "host=/tmp user=postgres search_path=s",
		"postgres://localhost/db":             "postgres://localhost/db?search_path=s",
		"postgres://localhost/db?pool_size=1": "postgres://localhost/db?pool_size=1&search_path=s",
	} {
		require.Equal(t, want, (&Cluster{ConnString: connString}).In("s"))
	}
}

func TestWhereThereAreNoBinariesTheErrorSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := findBinaries([]string{filepath.Join(t.TempDir(), "*", "bin")})
	require.ErrorIs(t, err, ErrNoServer)
	require.ErrorContains(t, err, "apt-get install postgresql-15")
	require.ErrorContains(t, err, "CONVTRACK_TEST_POSTGRES")
}

func TestTheNewestServerIsTaken(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	for _, version := range []string{"9", "16", "15"} {
		bin := filepath.Join(dir, version, "bin")
		require.NoError(t, os.MkdirAll(bin, 0o755))
		for _, name := range []string{"initdb", "postgres"} {
			require.NoError(t, os.WriteFile(filepath.Join(bin, name), nil, 0o755))
		}
	}
	found, err := findBinaries([]string{filepath.Join(dir, "*", "bin")})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "16", "bin"), found)
}
