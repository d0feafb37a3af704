package conversation_test

import (
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// BenchmarkSnapshot joins a snapshot of four participants, of whom two have changed, to
// what is known, and finds what is to be written.
func BenchmarkSnapshot(b *testing.B) {
	var versions [7]*conversation.Conversation
	heard := time.Date(2025, 1, 10, 9, 5, 0, 0, time.UTC)
	for v := range versions {
		m, err := genesys.Decode(genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, v), heard.Add(time.Duration(v)*time.Second))
		if err != nil {
			b.Fatal(err)
		}
		versions[v] = m.Conversations[0]
	}
	known := conversation.Merge(nil, versions[0])
	b.Run("merge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			conversation.Merge(known, versions[1])
		}
	})
	b.Run("restate", func(b *testing.B) {
		b.ReportAllocs()
		next := conversation.Merge(known, versions[1])
		for b.Loop() {
			conversation.Restate(known, next)
		}
	})
}
