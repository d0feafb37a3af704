package eventbridge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

var (
	kills    = flag.Int("kills", 10, "how many processes TestNoMessageIsDeletedBeforeItsFactsAreStored kills")
	killSeed = flag.Uint64("kill-seed", uint64(time.Now().UnixNano()), "when they are killed")
)

// victimVariable makes the test binary a process that reads a queue instead of a
// test.
const victimVariable = "CONVTRACK_TEST_EVENTBRIDGE_VICTIM"

// victim is a process that is going to be killed.
type victim struct {
	Endpoint, Queue string
	Store           string // a file that outlives it: a conversation a line
}

// live is the life of a victim: it stores what the queue says, slowly, until it
// is killed.
func live(description string) {
	var v victim
	check(json.Unmarshal([]byte(description), &v))
	file, err := os.OpenFile(v.Store, os.O_APPEND|os.O_WRONLY, 0)
	check(err)
	var mu sync.Mutex
	sink := func(_ context.Context, u conversation.Update) error {
		time.Sleep(rand.N(20 * time.Millisecond))
		mu.Lock()
		defer mu.Unlock()
		for _, c := range u.Conversations {
			_, err := fmt.Fprintln(file, c.ID)
			check(err)
			time.Sleep(rand.N(2 * time.Millisecond)) // so that it is killed in the middle
		}
		return nil
	}
	q, err := eventbridge.NewQueue(clientOf(v.Endpoint, http.DefaultClient), v.Queue, &eventbridge.QueueConfig{Visibility: 2 * time.Second, Wait: time.Second, Logger: quiet})
	check(err)
	check(q.Run(context.Background(), sink))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// TestNoMessageIsDeletedBeforeItsFactsAreStored kills processes that read a queue
// at random moments, and looks after each at what the queue has deleted and what
// is stored.
func TestNoMessageIsDeletedBeforeItsFactsAreStored(t *testing.T) {
	t.Logf("-kill-seed=%d", *killSeed)
	random := rand.New(rand.NewPCG(*killSeed, 1))
	w := newWorld(t, genesystest.SQSConfig{})
	w.queue = w.sqs.Queue("killed", genesystest.QueueAttributes{})
	stored := filepath.Join(t.TempDir(), "stored")
	require.NoError(t, os.WriteFile(stored, nil, 0o600))
	description, err := json.Marshal(victim{w.sqs.URL(), w.queue.URL(), stored})
	require.NoError(t, err)
	sent := map[string]string{} // by message id
	deleted := func() (n int) {
		inStore := storedIn(t, stored)
		for message, conversation := range sent {
			if w.queue.Deleted(message) {
				n++
				require.True(t, inStore[conversation], "%s is deleted and not stored", conversation)
			}
		}
		return n
	}
	begin := func() *exec.Cmd {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), victimVariable+"="+string(description))
		c.Stderr = os.Stderr
		require.NoError(t, c.Start())
		return c
	}
	for round := range *kills {
		for i := range 100 {
			id := fmt.Sprintf("c-%d-%d", round, i)
			sent[w.queue.Send(envelope(id))] = id
		}
		before := deleted()
		c := begin()
		require.Eventually(t, func() bool { return w.queue.Len() < len(sent)-before }, time.Minute, time.Millisecond, "it has begun")
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
		deleted()
	}
	c := begin()
	require.Eventually(t, func() bool { return w.queue.Len() == 0 }, time.Minute, 10*time.Millisecond, "what was in hand comes again")
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	require.Equal(t, len(sent), deleted(), "nothing is lost")
}

func storedIn(t *testing.T, file string) map[string]bool {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	all := map[string]bool{}
	for _, line := range bytes.Split(data, []byte("\n")) {
		all[string(line)] = true
	}
	return all
}

func quoted(b []byte) string { return strconv.Quote(string(b)) }
