// Package decode compares the decoding of Genesys messages with the official
// SDK's. It lives in a module of its own, as the SDK takes minutes to compile.
package decode

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v150/platformclientv2"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func notification() []byte {
	return genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
}

// sdkFrame is what a user of the SDK decodes a notification into: the SDK has
// models for the bodies of topics, and no WebSocket client.
type sdkFrame struct {
	TopicName string                                                   `json:"topicName"`
	EventBody platformclientv2.Queueconversationeventtopicconversation `json:"eventBody"`
}

func decodeOurs(tb testing.TB, message []byte) {
	m, err := genesys.Decode(message, time.Time{})
	if err != nil || len(m.Conversations) != 1 {
		tb.Fatal(err)
	}
}

func decodeSDK(tb testing.TB, message []byte) {
	var f sdkFrame
	if err := json.Unmarshal(message, &f); err != nil || f.EventBody.Id == nil {
		tb.Fatal(err)
	}
}

func BenchmarkOurs(b *testing.B) {
	message := notification()
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		decodeOurs(b, message)
	}
}

func BenchmarkSDK(b *testing.B) {
	message := notification()
	b.ReportAllocs()
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		decodeSDK(b, message)
	}
}

// TestRatio interleaves the two, round by round, and prints the ratios: other
// work on the machine then weighs on both.
func TestRatio(t *testing.T) {
	message := notification()
	const rounds, ours, theirs = 9, 400, 20
	var ratios []float64
	for range rounds {
		began := time.Now()
		for range ours {
			decodeOurs(t, message)
		}
		a := time.Since(began) / ours
		began = time.Now()
		for range theirs {
			decodeSDK(t, message)
		}
		b := time.Since(began) / theirs
		ratios = append(ratios, float64(b)/float64(a))
		t.Logf("ours %v, SDK %v: %.1f times", a, b, float64(b)/float64(a))
	}
	slices.Sort(ratios)
	t.Logf("a notification of %d bytes; min %.1f, median %.1f, max %.1f times", len(message), ratios[0], ratios[rounds/2], ratios[rounds-1])
	if ratios[rounds/2] < 12 {
		t.Errorf("the median is below 12 times")
	}
}
