package architect_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/rest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

var (
	kills    = flag.Int("kills", 10, "how many processes TestACallThatWasAnsweredIsReadThoughTheProcessIsKilled kills")
	killSeed = flag.Uint64("kill-seed", uint64(time.Now().UnixNano()), "when they are killed")
)

// victimVariable makes the test binary a process that serves calls instead of a
// test.
const victimVariable = "CONVTRACK_TEST_ARCHITECT_VICTIM"

// victim is a process that is going to be killed.
type victim struct {
	Platform string // its URL
	Store    string // the file of an SQLite store
}

// live is the life of a victim: it serves the data action, and reads what the
// calls hint at, until it is killed.
func live(description string) {
	var v victim
	check(json.Unmarshal([]byte(description), &v))
	db, err := sqlitestore.Open(context.Background(), v.Store, nil)
	check(err)
	tracker, err := convtrack.New(db, &convtrack.Config{Logger: silent, Lease: time.Second})
	check(err)
	api, err := rest.New(rest.Config{BaseURL: v.Platform, ClientID: "simulator-client", ClientSecret: "simulator-secret", Logger: silent})
	check(err)
	poller, err := onlyHinted(api, tracker, silent)
	check(err)
	h, err := architect.NewHandler(architect.HandlerConfig{Sink: tracker.Observe, Secrets: secrets, Logger: silent})
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println("http://" + listener.Addr().String())
	go func() { check(http.Serve(listener, h)) }() //nolint:gosec // it is for a test
	check(tracker.Run(context.Background(), poller))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// begin starts a victim and returns where it serves.
func (v victim) begin(t *testing.T) (c *exec.Cmd, url string) {
	description, err := json.Marshal(v)
	require.NoError(t, err)
	c = exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), victimVariable+"="+string(description))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return c, strings.TrimSpace(line)
}

// TestACallThatWasAnsweredIsReadThoughTheProcessIsKilled kills processes with
// SIGKILL right after they have answered calls, each about a conversation that
// nothing else tells of, and demands that all are read in the end.
func TestACallThatWasAnsweredIsReadThoughTheProcessIsKilled(t *testing.T) {
	t.Logf("-kill-seed=%d", *killSeed)
	random := rand.New(rand.NewPCG(*killSeed, 1))
	platform := genesystest.NewServer(t, genesystest.RateLimit(0))
	v := victim{platform.URL(), filepath.Join(t.TempDir(), "kill.db")}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var answered []string
	call := func(url, conversation string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body(map[string]any{"source": "trigger", "topic": "x", "conversationId": conversation})))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if res.StatusCode == http.StatusOK {
			answered = append(answered, conversation)
		} else {
			require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "a slow machine")
		}
	}
	for round := range *kills {
		c, url := v.begin(t)
		// In half of the rounds nothing is read before the end, in the others some is.
		undo := platform.Faults().Requests(genesystest.RequestFault{Delay: time.Duration(round%2)*time.Hour + time.Duration(random.IntN(50))*time.Millisecond})
		for range 1 + random.IntN(5) {
			story := genesystest.BlindTransferToQueue().Fresh(random)
			platform.Play(story)
			call(url, story.ID)
		}
		time.Sleep(time.Duration(round%3*random.IntN(300)) * time.Millisecond)
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
		undo()
	}
	require.NotEmpty(t, answered)
	c, _ := v.begin(t)
	db, err := sqlitestore.Open(t.Context(), v.Store, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		for _, id := range answered {
			records, err := db.Load(t.Context(), id)
			if err != nil || records[0].Conversation == nil {
				return false
			}
		}
		return true
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	require.NoError(t, db.Close())
}
