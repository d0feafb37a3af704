package main_test

import (
	"database/sql"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to break what a hook needs
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/programtest"
)

// serving runs examples/backend on the store until the test ends. What it prints
// are events.
func serving(t *testing.T, store string, env ...string) (printed *lines) {
	t.Helper()
	printed, said := &lines{}, &lines{}
	c := exec.CommandContext(t.Context(), programtest.Build(t, "examples/backend"), "-listen", "127.0.0.1:0", "-store", store)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	c.Stdout, c.Stderr = printed, said
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = time.Minute
	require.NoError(t, c.Start())
	t.Cleanup(func() { // the context of the test has ended
		_ = c.Wait()
		if t.Failed() {
			t.Logf("stderr of the backend:\n%s", said)
		}
	})
	serves := regexp.MustCompile(`on:  HTTP: `)
	until(t, func() bool { return serves.MatchString(said.String()) })
	return printed
}

// database opens the database of a store, beside the store.
func database(t *testing.T, store string) *sql.DB {
	t.Helper()
	driver, source := "pgx", store
	if path, is := strings.CutPrefix(store, "sqlite:"); is {
		driver, source = "sqlite", "file:"+strings.ReplaceAll(path, "#", "%23")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	return db
}

// statement changes the backend's own table.
func statement(t *testing.T, store, text string) {
	t.Helper()
	db := database(t, store)
	defer func() { require.NoError(t, db.Close()) }()
	_, err := db.ExecContext(t.Context(), text)
	require.NoError(t, err)
}

// owner is the owner of the case of a conversation.
func owner(t *testing.T, store, conversation string) (id string) {
	t.Helper()
	db := database(t, store)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRowContext(t.Context(), "select owner from dcm_case where conversation_id = $1", conversation).Scan(&id))
	return id
}

// With examples/backend beside the simulator, as an operator does it.
func TestABrokenHookOfARunningBackendIsFoundAndRepairedAndWhatIsForgottenStaysSo(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		server := genesystest.NewServer(t, genesystest.Queues(genesystest.Entry{ID: "q-1", Name: "first line"}, genesystest.Entry{ID: "q-2", Name: "second line"}),
			genesystest.Users(genesystest.Entry{ID: "user-a", Name: "Alice"}, genesystest.Entry{ID: "user-b", Name: "Bob"}))
		printed := serving(t, store, "GENESYS_BASE_URL="+server.URL())
		story := genesystest.BlindTransferToQueue()
		has := func(kind string) bool { return strings.Contains(printed.String(), `"type":"`+kind+`"`) }

		// No case gets an owner, so that the hook case-owner fails.
		playing := server.Play(story, genesystest.Speed(20))
		breaks, repairs := "alter table dcm_case add constraint closed check (owner = '')", "alter table dcm_case drop constraint closed"
		if strings.HasPrefix(store, "sqlite:") {
			breaks, repairs = "create trigger closed before update on dcm_case begin select raise(abort, 'closed'); end", "drop trigger closed"
		}
		statement(t, store, breaks)
		var items []item
		until(t, func() bool { items = failed(t, store, "-hook", "case-owner"); return len(items) > 0 })
		require.Equal(t, "delivery", items[0].Kind)
		require.Equal(t, "agent.connected", items[0].Type)
		require.Equal(t, story.ID, items[0].ConversationID)
		require.Contains(t, items[0].Error, "closed")
		code, findings := diagnose(t, store, nil)
		require.Equal(t, 1, code)
		require.Contains(t, of(findings, "failed")[0].Remedy, "convtrackctl failed list")

		statement(t, store, repairs)
		done(t, store, "failed", "retry", "-hook", "case-owner", "-yes")
		until(t, func() bool { return owner(t, store, story.ID) == "user-b" })
		require.Empty(t, failed(t, store))
		require.NoError(t, playing.Wait(t.Context()))
		until(t, func() bool { return has("conversation.ended") })
		require.Contains(t, done(t, store, "open", story.ID), "conversation.ended")

		// It is forgotten, and comes back with no poll.
		require.Contains(t, done(t, store, "forget", "-yes", story.ID, "-who", "ticket 12"), "1 conversation was forgotten")
		was := printed.String()
		polls := func() (n int) {
			for _, r := range server.Requests() {
				if strings.HasSuffix(r.Path, "/conversations/details/query") {
					n++
				}
			}
			return n
		}
		before := polls()
		require.Eventually(t, func() bool { return polls() > before+1 }, 3*time.Minute, 100*time.Millisecond) // one was under way, perhaps
		gone := call(t, store, "", "open", story.ID)
		require.Equal(t, 1, gone.code)
		require.Contains(t, gone.stderr, "forgotten")
		require.Empty(t, done(t, store, "find", "-person", "user=user-a"))
		require.Equal(t, was, printed.String(), "nothing of it is announced again")
	})
}
