package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPersonIsFoundAndForgottenForGoodOnceThatIsConfirmed(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		tracker := track(t, store, noHooks())
		id := hear(t, tracker, called("c-1"))
		hear(t, tracker, called("c-2"))
		require.Equal(t, "c-1\nc-2\n", done(t, store, "find", "-person", "address=0031612345678", "-person", "user=user-a"))
		require.Equal(t, "c-1\nc-2\n", call(t, store, "tel:"+number+"\n", "find", "-person", "address=-").stdout)

		refused := call(t, store, "no\n", "forget", "-person", "address="+number, "-who", "ticket 12")
		require.Equal(t, 1, refused.code)
		require.Contains(t, refused.stderr, "2 conversations will be deleted for good, on behalf of ticket 12.")
		done(t, store, "open", id)

		r := call(t, store, "yes\n", "forget", id, "-who", "ticket 12")
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, "1 conversation was forgotten, 1 of which stored\n", r.stdout)
		require.Regexp(t, `msg=forgotten by="ticket 12" conversations=1 stored=1\n`, r.stderr)
		r = call(t, store, number, "forget", "-yes", "-person", "address=-")
		require.Zero(t, r.code, r.stderr)
		require.NotContains(t, r.stdout+r.stderr, number)
		require.NotContains(t, r.stdout+r.stderr, "c-2")
		require.Empty(t, done(t, store, "find", "-person", "user=user-a"))

		hear(t, tracker, called("c-1")) // again, from a source
		unknown := call(t, store, "", "open", id)
		require.Equal(t, 1, unknown.code)
		require.Contains(t, unknown.stderr, "forgotten")
		require.Equal(t, "2 conversations were forgotten, 0 of which stored\n", call(t, store, "c-1\n\nc-3\n", "forget", "-yes", "-").stdout)
	})
}

// What is interrupted says how far it came, and leaves nothing half done.
func TestManyAreForgottenByTheThousandAndAnInterruptEndsThatBetweenTwoCalls(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		done(t, store, "migrate", "apply")
		var ids strings.Builder
		for i := range 2500 {
			fmt.Fprintln(&ids, "conversation-", i)
		}
		r := call(t, store, ids.String(), "forget", "-yes", "-")
		require.Zero(t, r.code, r.stderr)
		require.Equal(t, "2500 conversations were forgotten, 0 of which stored\n", r.stdout)
		require.Equal(t, 2, strings.Count(r.stderr, "conversations=1000 "), r.stderr)
		require.Equal(t, 1, strings.Count(r.stderr, "conversations=500 "), r.stderr)

		c := command(t, store, "", "forget", "-yes", "-")
		many, write := io.Pipe()
		c.Stdin = many
		stderr, err := c.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		for i := range 300_000 {
			_, err := fmt.Fprintln(write, "other-", i)
			require.NoError(t, err)
		}
		require.NoError(t, write.Close())
		lines := bufio.NewScanner(stderr)
		require.True(t, lines.Scan(), "an audit line, as a thousand are done")
		require.NoError(t, c.Process.Signal(os.Interrupt))
		var last []string
		for lines.Scan() {
			last = append(last, lines.Text())
		}
		_ = c.Wait() // the exit code says it
		require.Equal(t, 130, c.ProcessState.ExitCode(), last)
		require.Regexp(t, `[1-9][0-9]*000 of 300000 were forgotten, 0 of which stored; run it again for the others`, strings.Join(last, "\n"))
	})
}

// What is deleted is not found any more: whoever looked for a person is given the
// ids of what may be left.
func TestWhatIsLeftOfAPersonWhenForgettingFailsIsToldByItsIDs(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		tracker := track(t, store, noHooks())
		hear(t, tracker, called("c-1"))
		hear(t, tracker, called("c-2"))
		breaks := "alter table cdm_forgotten add constraint broken check (false) not valid"
		if strings.HasPrefix(store, "sqlite:") {
			breaks = "create trigger broken before insert on cdm_forgotten begin select raise(abort, 'broken'); end"
		}
		statement(t, store, breaks)
		r := call(t, store, "", "forget", "-yes", "-person", "user=user-a")
		require.Equal(t, 1, r.code, r.stderr)
		require.Contains(t, r.stderr, "0 of 2 were forgotten")
		require.Equal(t, "c-1\nc-2\n", r.stdout)
	})
}

func TestWhereTheAuditLineCannotBeWrittenNothingMoreIsForgotten(t *testing.T) {
	store := "sqlite:" + t.TempDir() + "/store.db"
	done(t, store, "migrate", "apply")
	var ids strings.Builder
	for i := range 2500 {
		fmt.Fprintln(&ids, "conversation-", i)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer func() { _ = full.Close() }()
	c := command(t, store, ids.String(), "forget", "-yes", "-")
	c.Stderr = full
	out, err := c.Output()
	require.Error(t, err)
	require.Equal(t, 1, c.ProcessState.ExitCode())
	require.NotContains(t, string(out), "2500 conversations were forgotten")
}
