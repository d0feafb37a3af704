package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

const (
	rounds    = 7
	each      = 1500 * time.Millisecond // of a round
	producers = 128
	versions  = 8 // notifications of a conversation before a new one begins
)

// workload hands out notifications: full-size frames of a queue topic with four
// participants. The first of a conversation brings several events, each of the
// others changes two legs.
type workload struct {
	templates [versions][]byte
	next      atomic.Int64
}

const number = "############" // in the templates

func newWorkload() *workload {
	w := &workload{}
	for v := range w.templates {
		w.templates[v] = genesystest.Notification("c0000000-0000-4000-8000-"+number, 4, v)
	}
	return w
}

// notification is the next one. Those of a thousand conversations come
// interleaved.
func (w *workload) notification() []byte {
	n := w.next.Add(1) - 1
	conversation, version := n%1000+n/(1000*versions)*1000, n/1000%versions
	return bytes.ReplaceAll(w.templates[version], []byte(number), fmt.Appendf(nil, "%012d", conversation))
}

// tracked runs a tracker on a file, with an After hook for every event, and
// returns what it does with a notification: until it is durable.
func tracked(t *testing.T, driver string) func(data []byte) error {
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), &sqlitestore.Config{Driver: driver})
	require.NoError(t, err)
	hooks := events.NewHooks()
	events.After(hooks, "count", func(context.Context, events.Event) error { return nil }, events.OfTypes(events.TypeConversationCreated, events.TypeParticipantAdded, events.TypeAgentConnected, events.TypeAgentTransferred,
		events.TypeAgentDisconnected, events.TypeConversationEnded, events.TypeConversationReopened))
	tracker, err := convtrack.New(store, &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error)
	go func() { ended <- tracker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, store.Close())
	})
	return func(data []byte) error {
		m, err := genesys.Decode(data, time.Now())
		if err != nil {
			return err
		}
		return tracker.Observe(ctx, conversation.Update{Conversations: m.Conversations})
	}
}

// run lets the producers do it for a while, and returns how often a second.
func run(t *testing.T, w *workload, do func(data []byte) error) float64 {
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range producers {
		all.Go(func() {
			for time.Since(began) < each {
				if err := do(w.notification()); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// TestRatio interleaves the three, round by round: other work on the machine
// then weighs on all of them.
func TestRatio(t *testing.T) {
	ours, cgo, gorm := tracked(t, ""), tracked(t, "sqlite3"), byHand(t)
	work := [3]*workload{newWorkload(), newWorkload(), newWorkload()}
	var toCgo, toGORM []float64
	for round := range rounds {
		a, b, c := run(t, work[0], ours), run(t, work[1], cgo), run(t, work[2], gorm)
		t.Logf("round %d, notifications a second: the store %.0f, over cgo %.0f, GORM by hand %.0f", round+1, a, b, c)
		toCgo, toGORM = append(toCgo, a/b), append(toGORM, a/c)
	}
	demand(t, "the store ÷ the same over cgo", toCgo, 0.6)
	demand(t, "the store ÷ GORM by hand", toGORM, 1.5)
}

func demand(t *testing.T, what string, ratios []float64, least float64) {
	t.Helper()
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	t.Logf("%-32s min %.2f, median %.2f, max %.2f; must be at least %.2f", what, ratios[0], median, ratios[len(ratios)-1], least)
	require.GreaterOrEqual(t, median, least, what)
}
