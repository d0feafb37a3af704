package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// cluster is the server of this process's tests.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, os.Getenv("CONVTRACK_TEST_POSTGRES"), &cluster, func() error { return goleak.Find() }))
}

// database is a connection string to a schema of its own.
func database(t *testing.T) string {
	return cluster.In(cluster.Schema(t))
}

// play runs the program and returns what it prints, without who prints it.
func play(t *testing.T, args ...string) []string {
	t.Helper()
	var out, messages bytes.Buffer
	require.Zero(t, run(t.Context(), args, &out, &messages), messages.String())
	require.Empty(t, messages.String())
	return strings.Split(strings.TrimSpace(regexp.MustCompile(`(?m)^replica \d+: `).ReplaceAllString(out.String(), "")), "\n")
}

const end = "CASE-4711 belongs to bob; its conversation is Ended, alice and bob have worked on it"

var changes = []string{"CASE-4711: the owner is alice now", "CASE-4711: the owner is bob now"}

func TestTheOwnerChangesWithTheAgentOnceForAllReplicas(t *testing.T) {
	require.Equal(t, append(slices.Clone(changes), end), play(t, "-replicas", "3", "-database", database(t)))
}

func TestWithoutADatabaseItStartsAServer(t *testing.T) {
	require.Equal(t, append(slices.Clone(changes), end), play(t))
}

func TestWhatWasPlayedBeforeBringsNothingNew(t *testing.T) {
	at := database(t)
	play(t, "-database", at)
	require.Equal(t, []string{end}, play(t, "-database", at))
	require.Equal(t, append(slices.Clone(changes), end), play(t, "-database", at, "-conversation", "another"))
}

func TestItRunsSeveralTimesSideBySide(t *testing.T) {
	at := database(t)
	lines := make([][]string, 3)
	var all sync.WaitGroup
	for i := range lines {
		all.Go(func() { lines[i] = play(t, "-database", at, "-replicas", "1") })
	}
	all.Wait()
	var said []string
	for _, l := range slices.Concat(lines...) {
		if l != "" && !strings.Contains(l, "belongs to") { // some are done before the others
			said = append(said, l)
		}
	}
	slices.Sort(said)
	require.Equal(t, changes, said)
}

func TestTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-help"}, 0, "Usage: postgres"},
		{[]string{"-replicas", "0"}, 2, "-replicas must be at least 1"},
		{[]string{"surplus"}, 2, `"surplus" is not understood`},
		{[]string{"-unknown"}, 2, "flag provided but not defined"},
		{[]string{"-database", "postgres://127.0.0.1:1/none"}, 1, "leave -database out"},
		{[]string{"-database", "://"}, 1, "-database: "},
	} {
		var out, messages bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &out, &messages), c.args)
		require.Contains(t, messages.String(), c.says)
		require.Empty(t, out.String())
	}
}
