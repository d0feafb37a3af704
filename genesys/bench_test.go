package genesys_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
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

// BenchmarkDecodeEnvelope decodes the same notification in an envelope of
// EventBridge.
func BenchmarkDecodeEnvelope(b *testing.B) {
	notification := genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
	message := fmt.Appendf(nil, `{"version":"0","id":"0f4f0b6c-6f6e-4a8e-9a3e-000000000001","detail-type":"v2.routing.queues.{id}.conversations",`+
		`"source":"aws.partner/genesys.com/cloud/99999999-aaaa-4bbb-8ccc-000000000001/benchmark","account":"123456789012","time":"2025-01-10T09:00:00Z",`+
		`"region":"eu-central-1","resources":[],"detail":{"timestamp":"2025-01-10T09:00:00.123Z",%s}`, notification[1:])
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		if _, err := genesys.DecodeDelivered(message, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFingerprintOfNotification takes the fingerprint of what the
// notification says.
func BenchmarkFingerprintOfNotification(b *testing.B) {
	m, err := genesys.Decode(genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, has := conversation.FingerprintOf(m.Conversations[0]); !has {
			b.Fatal("it has none")
		}
	}
}
