//go:build !race

// All scenarios over all forms take long under the race detector, which watches
// the same code in the simulations; make test runs both.

package eventbridge_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// TestEventBridgeTellsWhatTheSocketTells sends each scenario through a queue, as
// detail events alone, as snapshots alone and as both, shuffled and three times,
// into a tracker, and demands the Common Events that follow from what the socket
// tells of the same.
func TestEventBridgeTellsWhatTheSocketTells(t *testing.T) {
	type messages = func(*genesystest.Story) [][]byte
	both := func(a, b messages) messages {
		return func(s *genesystest.Story) [][]byte { return append(a(s), b(s)...) }
	}
	details, snapshots := (*genesystest.Story).Envelopes, (*genesystest.Story).SnapshotEnvelopes
	frames, detailFrames := (*genesystest.Story).Snapshots, (*genesystest.Story).Details
	for _, channel := range []struct {
		name            string
		bridged, socket messages
	}{
		{"detail events alone", details, detailFrames},
		{"snapshots alone", snapshots, frames},
		{"both", both(details, snapshots), both(frames, detailFrames)},
		{"wrapped", (*genesystest.Story).QueueMessages, detailFrames},
	} {
		t.Run(channel.name, func(t *testing.T) {
			for i, scenario := range genesystest.Scenarios() {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(3 * 365 * 24 * time.Hour) // the stories lie in the past
					story := scenario.Story()
					story.Start = time.Now().Add(-2 * 365 * 24 * time.Hour)
					want := derived(understood(t, channel.socket(story)))
					require.NotEmpty(t, want, scenario.Name)

					w := newWorld(t, genesystest.SQSConfig{InMemory: true, Seed: uint64(i)})
					said := slices.Concat(channel.bridged(story), channel.bridged(story))
					random := rand.New(rand.NewPCG(uint64(i), 14))
					random.Shuffle(len(said), func(i, k int) { said[i], said[k] = said[k], said[i] })
					for _, m := range said {
						w.queue.Send(m)
					}
					heard := follow(t, w)
					require.Zero(t, w.queue.Len()+w.dead.Len(), scenario.Name)
					require.Equal(t, settled(want, scenario), settled(heard, scenario), scenario.Name)
				})
			}
		})
	}
}

// A14: what is too large for EventBridge does not come; that is what the
// conversations say that have most in them. Their detail events tell the same.
func TestAConversationThatIsTooLargeForEventBridgeEndsByItsDetailEvents(t *testing.T) {
	for name, grow := range map[string]func(*genesystest.Story){
		"an attribute of 300 KB": func(s *genesystest.Story) {
			s.Attributes = append(s.Attributes, genesystest.Attribute{At: time.Second, Participant: s.Legs[0].Participant, Values: map[string]string{"history": strings.Repeat("x", 300<<10)}})
		},
		"600 alerts that one agent did not answer": func(s *genesystest.Story) {
			for i := range 600 {
				s.Agent(fmt.Sprint("busy ", i), 6*time.Second, "user-busy", "q-1").Ends(12*time.Second, "peer")
			}
		},
	} {
		virtual(t, func(t *testing.T, w *world) {
			story := genesystest.BlindTransferToQueue()
			grow(story)
			want := derived(understood(t, story.Details()))
			platform := genesystest.NewServer(t, genesystest.InMemory(), genesystest.BridgeSnapshots())
			platform.SendEnvelopes(w.queue)
			playing := platform.Play(story)
			require.NoError(t, playing.Wait(t.Context()))
			require.NotZero(t, platform.Counts().Dropped, name)
			heard := follow(t, w)
			require.Len(t, heard, len(want), name)
			require.Contains(t, slices.Collect(maps.Values(heard)), events.TypeConversationEnded, name)
		})
	}
}
