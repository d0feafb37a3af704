package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

var (
	kills = flag.Int("kills", 10, "how many processes are killed")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "when they are killed")
)

// published is a message as a subscriber has it.
type published struct{ id, conversation string }

// TestKilledProcessesPublishEachEventOnceAndInOrder kills processes at random
// moments and compares what the brokers have with what the store has announced.
func TestKilledProcessesPublishEachEventOnceAndInOrder(t *testing.T) {
	t.Logf("-seed %d", *seed)
	when := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // a seed, any will do
	url, stop, err := ownServer()
	require.NoError(t, err)
	t.Cleanup(stop)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "convtrack"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	file := filepath.Join(t.TempDir(), "broker.db")

	args := []string{"-nats", url, "-kafka", strings.Join(cluster.ListenAddrs(), ","), "-db", file, "-calls", "100"}
	killed := 0
	for killed < *kills {
		run := process(t, args)
		// Mostly while it publishes: it begins to when there is a database.
		require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, time.Minute, time.Millisecond)
		time.Sleep(time.Duration(when.IntN(400)) * time.Millisecond)
		_ = run.Process.Kill()
		if run.Wait() == nil {
			break // it was faster
		}
		killed++
	}
	out, err := process(t, args).Process.Wait()
	require.NoError(t, err)
	require.True(t, out.Success())

	announced := logged(t, file)
	require.NotEmpty(t, announced)
	inNATS := inStream(t, url)
	agree(t, announced, inNATS)
	inKafka, repeated := withoutRepetitions(inTopic(t, cluster.ListenAddrs()))
	agree(t, announced, inKafka)
	t.Logf("%d processes killed, %d events, %d of them twice in Kafka", killed, len(inNATS), repeated)
}

func TestABrokerThatIsAwayLosesNothing(t *testing.T) {
	folder := t.TempDir()
	stream := serve(t, folder, 0)
	port := stream.port
	file := filepath.Join(t.TempDir(), "broker.db")
	done := make(chan string, 1)
	go func() {
		var errs strings.Builder
		if code := start(t.Context(), []string{"-nats", stream.url, "-db", file, "-calls", "100"}, &errs, &errs); code != 0 {
			_, _ = fmt.Fprintf(&errs, "exit code %d", code)
			done <- errs.String()
		}
		close(done)
	}()
	require.Eventually(t, func() bool { return len(inStream(t, stream.url)) > 0 }, time.Minute, time.Millisecond)
	stream.stop()
	again := serve(t, folder, port)
	require.Empty(t, <-done)
	agree(t, logged(t, file), inStream(t, again.url))
}

// process starts the program.
func process(t *testing.T, args []string) *exec.Cmd {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // this program
	run.Env = append(os.Environ(), child+"=1")
	run.Stderr = os.Stderr
	require.NoError(t, run.Start())
	return run
}

// logged returns the ids that the store has announced, in order.
func logged(t *testing.T, file string) map[string][]string {
	t.Helper()
	kept, err := sqlitestore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, kept.Close()) }()
	found := map[string][]string{}
	page, err := kept.List(t.Context(), store.Query{Limit: 1000})
	require.NoError(t, err)
	for _, c := range page.Conversations {
		events, err := kept.Events(t.Context(), c.ID)
		require.NoError(t, err)
		for _, e := range events {
			found[c.ID] = append(found[c.ID], e.ID)
		}
	}
	return found
}

func inStream(t *testing.T, url string) (all []published) {
	t.Helper()
	conn, err := nats.Connect(url)
	require.NoError(t, err)
	defer conn.Close()
	stream, err := makeStream(t.Context(), conn, "convtrack")
	require.NoError(t, err)
	require.NoError(t, eachMessage(t.Context(), stream, func(m jetstream.Msg) error {
		all = append(all, published{m.Headers().Get(nats.MsgIdHdr), m.Headers().Get(conversationID)})
		return nil
	}))
	return all
}

// inTopic reads the topic to its end: until nothing has come for a second, from
// partitions whose messages have all been acknowledged to a process that ended.
func inTopic(t *testing.T, brokers []string) (all []published) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("convtrack"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer client.Close()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		fetched := client.PollFetches(ctx)
		cancel()
		if fetched.NumRecords() == 0 {
			return all
		}
		fetched.EachRecord(func(r *kgo.Record) {
			m := published{conversation: string(r.Key)}
			for _, h := range r.Headers {
				if h.Key == kafka.UUIDHeaderKey {
					m.id = string(h.Value)
				}
			}
			all = append(all, m)
		})
	}
}

// withoutRepetitions does what a subscriber does.
func withoutRepetitions(all []published) (once []published, repeated int) {
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.id] {
			repeated++
			continue
		}
		seen[m.id] = true
		once = append(once, m)
	}
	return once, repeated
}

// agree compares, conversation by conversation, what was announced with what was
// published.
func agree(t *testing.T, announced map[string][]string, all []published) {
	t.Helper()
	found := map[string][]string{}
	for _, m := range all {
		found[m.conversation] = append(found[m.conversation], m.id)
	}
	require.Len(t, found, len(announced))
	for id, want := range announced {
		require.Equal(t, want, found[id], "each event of %s once, in order", id)
	}
}
