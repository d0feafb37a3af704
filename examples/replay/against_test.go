package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
)

func dry(t *testing.T, store string) (code int, differences []difference, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), []string{"-against", store}, strings.NewReader(""), &out, &errs)
	for line := range strings.Lines(out.String()) {
		var d difference
		require.NoError(t, json.Unmarshal([]byte(line), &d))
		differences = append(differences, d)
	}
	return code, differences, errs.String()
}

// What an earlier version announced otherwise, or not at all, is shown, and nothing
// is written.
func TestADryRunShowsWhatTheRulesOfThisVersionSayOtherwise(t *testing.T) {
	input := string(bytes.Join(genesystest.BlindTransferToQueue().Snapshots(), nil))
	file := filepath.Join(t.TempDir(), "store.db")
	target := postgres(t)
	for name, store := range map[string]struct {
		where string
		state func() string
	}{
		"SQLite":     {"sqlite:" + file, func() string { return digest(t, file) }},
		"PostgreSQL": {target, func() string { return rowsOf(t, target) }},
	} {
		t.Run(name, func(t *testing.T) {
			first := play(t, input, "-store", store.where)
			require.Zero(t, first.code, first.stderr)
			code, differences, stderr := dry(t, store.where)
			for _, d := range differences {
				require.Empty(t, d.Add)
				require.Empty(t, d.Drop)
			}
			require.Contains(t, stderr, "1 conversations")
			require.Equal(t, len(differences) > 0, code == exitRefused)

			forge(t, store.where)
			before := store.state()
			code, differences, stderr = dry(t, store.where)
			require.Equal(t, exitRefused, code, stderr)
			require.Len(t, differences, 1)
			require.Len(t, differences[0].Add, 1)
			require.Equal(t, "agent.connected", differences[0].Add[0].Type)
			require.Equal(t, []string{"replay-print"}, differences[0].Add[0].After)
			require.Len(t, differences[0].Drop, 1)
			require.Equal(t, "made-up", differences[0].Drop[0].ID)
			require.Equal(t, before, store.state(), "nothing is written")
		})
	}
}

func TestADryRunThatCannotBeIsExplained(t *testing.T) {
	for want, args := range map[string][]string{
		"no such file":                       {"-against", "sqlite:/does/not/exist.db"},
		"is not known":                       {"-against", "memory"},
		"takes no other flag":                {"-against", "sqlite:x.db", "-repeat", "2"},
		"it takes no other flag and no FILE": {"-against", "sqlite:x.db", "messages.json"},
	} {
		r := play(t, "", args...)
		require.Equal(t, exitUsage, r.code)
		require.Contains(t, r.stderr, want)
	}
}

func TestADryRunThatIsInterruptedSaysSo(t *testing.T) {
	file := "sqlite:" + filepath.Join(t.TempDir(), "store.db")
	require.Zero(t, play(t, string(genesystest.BlindTransferToQueue().Snapshots()[0]), "-store", file).code)
	s, err := openReadOnly(t.Context(), file)
	require.NoError(t, err)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = against(ctx, s, &bytes.Buffer{}, &bytes.Buffer{})
	require.Error(t, err)
}

func TestADryRunWhoseOutputIsClosedLeavesNoCopy(t *testing.T) {
	file := "sqlite:" + filepath.Join(t.TempDir(), "store.db")
	require.Zero(t, play(t, string(bytes.Join(genesystest.BlindTransferToQueue().Snapshots(), nil)), "-store", file).code)
	forge(t, file)
	folder := t.TempDir()
	reads, writes, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reads.Close())
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), programtest.Build(t, "examples/replay"), "-against", file)
	c.Env = append(os.Environ(), "TMPDIR="+folder)
	c.Stdout, c.Stderr = writes, &stderr
	require.Error(t, c.Run())
	require.NoError(t, writes.Close())
	require.Equal(t, exitRefused, c.ProcessState.ExitCode(), stderr.String())
	require.Contains(t, stderr.String(), "the output cannot be written")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func digest(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	return string(sum[:])
}

func rowsOf(t *testing.T, url string) (text string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = c.Close(t.Context()) }()
	require.NoError(t, c.QueryRow(t.Context(), `select (select coalesce(string_agg(e::text, ';' order by e.seq), '') from cdm_event e) ||
		(select string_agg(c::text, ';' order by c.conversation_id) from cdm_conversation c) || (select count(*) from cdm_delivery)`).Scan(&text))
	return text
}

// forge makes of what was announced what an earlier version could have: an event
// under an id that nobody derives any more.
func forge(t *testing.T, store string) {
	t.Helper()
	const statement = `update cdm_event set event_id = 'made-up' where seq = (select min(seq) from cdm_event where type = 'agent.connected')`
	if path, is := strings.CutPrefix(store, "sqlite:"); is {
		changeFile(t, path, statement)
		return
	}
	c, err := pgx.Connect(t.Context(), store)
	require.NoError(t, err)
	defer func() { _ = c.Close(t.Context()) }()
	_, err = c.Exec(t.Context(), statement)
	require.NoError(t, err)
}

func changeFile(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
