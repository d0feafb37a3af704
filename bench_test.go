package convtrack_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

// BenchmarkNotification measures one notification from its bytes to the commit
// in memory: decode, merge, derive, commit. It must grow with the number of
// participants, and no faster.
func BenchmarkNotification(b *testing.B) {
	for _, participants := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("participants=%d", participants), func(b *testing.B) {
			var versions [][]byte
			for v := range 64 {
				versions = append(versions, genesystest.Notification("c0000000-0000-4000-8000-000000000001", participants, v))
			}
			sink, stop := running(b, events.NewHooks())
			defer stop()
			i := 0
			began := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				i++
				observe(b, sink, versions[i%len(versions)], began.Add(time.Duration(i)*time.Millisecond))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*participants), "ns/participant")
		})
	}
}

// BenchmarkConversation measures a whole call, from its first notification to
// its end, with one After hook for every event that is always announced.
func BenchmarkConversation(b *testing.B) {
	hooks := events.NewHooks()
	events.After(hooks, "count", func(context.Context, events.Event) error { return nil }, events.OfTypes(alwaysAnnounced...))
	sink, stop := running(b, hooks)
	defer stop()
	story := genesystest.BlindTransferToQueue()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		n++
		story.ID = fmt.Sprint("c-", n)
		messages := story.Snapshots()
		b.StartTimer()
		for _, m := range messages {
			observe(b, sink, m, time.Time{})
		}
	}
}

// BenchmarkTheSameAgain measures a notification that says nothing new.
func BenchmarkTheSameAgain(b *testing.B) {
	sink, stop := running(b, events.NewHooks())
	defer stop()
	message := genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
	b.ReportAllocs()
	for b.Loop() {
		observe(b, sink, message, time.Time{})
	}
}

func running(b *testing.B, hooks *events.Hooks) (conversation.Sink, func()) {
	b.Helper()
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- tracker.Run(ctx) }()
	return tracker.Observe, func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

func observe(b *testing.B, sink conversation.Sink, message []byte, read time.Time) {
	m, err := genesys.Decode(message, read)
	if err != nil {
		b.Fatal(err)
	}
	if err := sink(b.Context(), conversation.Update{Conversations: m.Conversations}); err != nil {
		b.Fatal(err)
	}
}

var alwaysAnnounced = []events.Type{events.TypeConversationCreated, events.TypeParticipantAdded, events.TypeAgentConnected, events.TypeAgentTransferred,
	events.TypeAgentDisconnected, events.TypeConversationEnded, events.TypeConversationReopened}
