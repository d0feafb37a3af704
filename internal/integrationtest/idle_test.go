package integrationtest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// TestAnOpenConversationTakesSomeKilobytesAndNoGoroutine, nor does it hold up a
// process that starts. The figures of large numbers are in examples/benchmarks/latency.
func TestAnOpenConversationTakesSomeKilobytesAndNoGoroutine(t *testing.T) {
	const open = 1500
	path := filepath.Join(t.TempDir(), "idle.db")
	hooked := make(chan string, 1)
	with := func(do func(*convtrack.Tracker)) {
		s, err := sqlitestore.Open(t.Context(), path, nil)
		require.NoError(t, err)
		hooks := events.NewHooks()
		events.After(hooks, "new", func(_ context.Context, e *events.ConversationCreated) error {
			if e.ConversationID == "the last" {
				hooked <- e.ConversationID
			}
			return nil
		})
		tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, CacheSize: 1600})
		require.NoError(t, err)
		stop := run(t, tracker)
		do(tracker)
		stop()
		require.NoError(t, s.Close())
	}
	with(func(tracker *convtrack.Tracker) {
		observeOpen(t, tracker, "before", 100) // what is made once is there
		heap, goroutines := heapAndGoroutines()
		observeOpen(t, tracker, "open", open)
		var each float64
		require.Eventually(t, func() bool { // once the deliveries are done
			is, running := heapAndGoroutines()
			each = (is - heap) / open
			return running <= goroutines+open/100 && each <= 8<<10
		}, time.Minute, 50*time.Millisecond, "bytes or goroutines")
		t.Logf("%.0f bytes each", each)
	})
	began := time.Now()
	with(func(tracker *convtrack.Tracker) {
		observeOpen(t, tracker, "the last", 1)
		<-hooked
		require.Less(t, time.Since(began), 20*time.Second)
	})
}

// observeOpen has the tracker observe new conversations, of the name alone when
// it is one.
func observeOpen(t *testing.T, tracker *convtrack.Tracker, name string, n int) {
	const hands = 50
	var all sync.WaitGroup
	for hand := range min(hands, n) {
		all.Go(func() {
			for i := hand; i < n; i += hands {
				id := name
				if n > 1 {
					id = fmt.Sprint(name, "-", i)
				}
				m, err := genesys.Decode(genesystest.Notification(id, 4, 0), time.Now())
				if err == nil {
					err = tracker.Observe(t.Context(), conversation.Update{Conversations: m.Conversations})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func heapAndGoroutines() (float64, int) {
	runtime.GC()
	runtime.GC() // what pools have is gone with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), runtime.NumGoroutine()
}
