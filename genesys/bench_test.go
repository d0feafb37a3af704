package genesys_test

import (
	"testing"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// BenchmarkDecodeNotification decodes a notification of 9.5 KB into a partial
// conversation.
func BenchmarkDecodeNotification(b *testing.B) {
	message := genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		if _, err := genesys.Decode(message, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestANotificationCostsFewAllocations holds the counter that noise cannot move.
func TestANotificationCostsFewAllocations(t *testing.T) {
	message := genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
	if n := len(message); n < 9_000 || n > 10_000 {
		t.Fatalf("the notification has %d bytes; it should have about 9 500", n)
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := genesys.Decode(message, time.Time{}); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 150 {
		t.Errorf("%v allocations; at most 150", allocs)
	}
}
