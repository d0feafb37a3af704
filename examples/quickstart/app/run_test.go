package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestItFollowsACallOverTheSDKAndEndsByItself(t *testing.T) {
	var out bytes.Buffer
	database := filepath.Join(t.TempDir(), "quickstart.db")
	require.Zero(t, play(t.Context(), &out, "-speed", "60", "-db", database), out.String())
	var happened []string
	event := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}  (\S+) +(.*)$`)
	for line := range strings.Lines(out.String()) {
		if m := event.FindStringSubmatch(strings.TrimSpace(line)); m != nil && m[1] != "participant.added" {
			happened = append(happened, m[1]+": "+regexp.MustCompile(`after [\d.ms]+`).ReplaceAllString(m[2], "after a while"))
		}
	}
	require.Equal(t, []string{
		"conversation.created: inbound voice",
		"conversation.queued: waits in queue q-1",
		"agent.alerted: it rings at user-a",
		"agent.connected: user-a took it from queue q-1",
		"agent.transferred: user-a transferred it to queue q-2 (blind)",
		"agent.left: user-a is off it after a while (transferred)",
		"conversation.queued: waits in queue q-2",
		"agent.alerted: it rings at user-b",
		"agent.connected: user-b took it from queue q-2",
		"agent.disconnected: user-b hung up (client)",
		"agent.left: user-b is off it after a while (disconnected)",
		"conversation.ended: after a while",
	}, slices.DeleteFunc(happened, isWrapUp), out.String())
	require.Equal(t, 2, strings.Count(out.String(), "agent.wrappedUp"), "one of them beside what happens next")
	require.Equal(t, 6, strings.Count(out.String(), "participant.added"))
	require.Regexp(t, `stored: Ended, .* long, the customer is \+31612345678`, out.String())
	require.Regexp(t, `agent     user-b .*█+▒+ +client`, out.String())
	require.NotContains(t, out.String(), "\x1b[", "colour is for terminals")
}

func isWrapUp(line string) bool { return strings.HasPrefix(line, "agent.wrappedUp") }

// play runs the example, its output and its messages into one.
func play(ctx context.Context, out io.Writer, args ...string) int {
	return start(ctx, args, func(string) string { return "" }, out, out)
}

func TestItRunsAgainAndTwiceAtOnceOnTheSameFile(t *testing.T) {
	database := filepath.Join(t.TempDir(), "quickstart.db")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for range 2 {
				var out bytes.Buffer
				code := play(t.Context(), &out, "-speed", "100", "-db", database)
				assert.Zero(t, code, out.String())
				assert.Contains(t, out.String(), "stored: Ended")
			}
		})
	}
	both.Wait()
}

func TestCtrlCEndsItAtOnceAndSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	time.AfterFunc(time.Second, cancel)
	began := time.Now()
	require.Equal(t, exitInterrupted, play(ctx, &out, "-speed", "1"))
	require.Contains(t, out.String(), "quickstart: interrupted")
	require.Less(t, time.Since(began), time.Minute, "the call takes five minutes")
}

// closed is the output of a program whose reader has gone.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestAnOutputThatIsClosedEndsIt(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var messages bytes.Buffer
	began := time.Now()
	require.Equal(t, exitFailed, start(t.Context(), []string{"-speed", "1"}, func(string) string { return "" }, closed{}, &messages))
	require.Contains(t, messages.String(), "the output cannot be written")
	require.Less(t, time.Since(began), time.Minute, "the call takes five minutes")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWhatIsWrongIsSaidInASentence(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(text, []byte("this is not a database, though it is long enough to be taken for one"), 0o600))
	for _, c := range []struct {
		args []string
		env  map[string]string
		code int
		says string
	}{
		{[]string{"-nonsense"}, nil, exitUsage, "flag provided but not defined: -nonsense"},
		{[]string{"extra"}, nil, exitUsage, `"extra" is not understood`},
		{[]string{"-speed", "0"}, nil, exitUsage, "-speed is 0; it must be positive"},
		{[]string{"-speed", "NaN"}, nil, exitUsage, "-speed is NaN; it must be positive"},
		{[]string{"-db", "/does/not/exist/x.db"}, nil, exitFailed, "its directory must exist"},
		{[]string{"-db", text}, nil, exitFailed, "give the store another path"},
		{nil, map[string]string{"GENESYS_REGION": "mars"}, exitFailed, `GENESYS_REGION: genesys: "mars" is not a region`},
		{nil, map[string]string{"GENESYS_REGION": "mypurecloud.de"}, exitFailed, "GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET: "},
	} {
		var out bytes.Buffer
		code := start(t.Context(), c.args, func(name string) string { return c.env[name] }, &out, &out)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, out.String(), c.says)
	}
	require.Zero(t, play(t.Context(), io.Discard, "-help"))
}

func TestCtrlCIsAnInterruptAlsoBeforeAnOrganisationIsFollowed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	env := map[string]string{"GENESYS_REGION": "mypurecloud.de", "GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "secret"}
	var out bytes.Buffer
	require.Equal(t, exitInterrupted, start(ctx, nil, func(name string) string { return env[name] }, &out, &out))
	require.NotContains(t, out.String(), "context canceled")
}
