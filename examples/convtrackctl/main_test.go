package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

var cluster *pgtest.Cluster // of this process's tests

func TestMain(m *testing.M) {
	code := pgtest.Main(m, os.Getenv("CONVTRACK_TEST_POSTGRES"), &cluster)
	programtest.Remove()
	os.Exit(code)
}

// result is what a user sees.
type result struct {
	code           int
	stdout, stderr string
}

// command is the command with a store, and what stands in its input.
func command(t *testing.T, store, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	path := programtest.Build(t, "examples/convtrackctl")
	c := exec.CommandContext(t.Context(), path, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CONVTRACK_STORE=" + store}
	c.Stdin = strings.NewReader(stdin)
	return c
}

func call(t *testing.T, store, stdin string, args ...string) result {
	t.Helper()
	c := command(t, store, stdin, args...)
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// done calls the command and requires that it has done it.
func done(t *testing.T, store string, args ...string) string {
	t.Helper()
	r := call(t, store, "", args...)
	require.Zero(t, r.code, "%v: %s%s", args, r.stdout, r.stderr)
	return r.stdout
}

// onEachStore runs a test on an empty store of each kind.
func onEachStore(t *testing.T, test func(t *testing.T, store string)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "store #1.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, cluster.URL(cluster.Schema(t)))
	})
}

// track runs a tracker on the store until the test ends.
func track(t *testing.T, store string, config *convtrack.Config) *convtrack.Tracker {
	t.Helper()
	at, err := stores.Parse(store)
	require.NoError(t, err)
	s, err := at.Open(t.Context(), nil)
	require.NoError(t, err)
	tracker, err := convtrack.New(s, config)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, s.Close())
	})
	return tracker
}

// hear tells the tracker all of a story, and returns its id.
func hear(t *testing.T, tracker *convtrack.Tracker, s *genesystest.Story) string {
	t.Helper()
	for _, message := range s.Snapshots() {
		m, err := genesys.Decode(message, time.Now())
		require.NoError(t, err)
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: m.Conversations}))
	}
	return s.ID
}

// until waits for what must happen.
func until(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 5*time.Minute, 20*time.Millisecond)
}

// hostile is a text that would do something in a terminal: colours, a title, a
// line of its own, writing from right to left, and a control character of C1.
const hostile = "Eve\x1b[31m\x1b]0;owned\x07\nfake line\u202e\u009b2J\x7f"

// requireHarmless requires that nothing in the output controls a terminal.
func requireHarmless(t *testing.T, output string) {
	t.Helper()
	for _, r := range output {
		bad := r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e'
		require.False(t, bad, "%q in %q", r, output)
	}
	require.NotContains(t, output, "\nfake line")
}

func noHooks() *convtrack.Config { return &convtrack.Config{Hooks: events.NewHooks()} }
