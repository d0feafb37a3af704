package eventbridge_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
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

// follow reads the queue into a tracker until it is empty, and returns the ids
// and types of what an After hook is told.
func follow(t *testing.T, w *world) map[string]events.Type {
	var mu sync.Mutex
	heard := map[string]events.Type{}
	hooks := events.NewHooks()
	events.After(hooks, "record", func(_ context.Context, e events.Event) error {
		mu.Lock()
		defer mu.Unlock()
		require.NotContains(t, heard, e.Head().ID, "told twice")
		heard[e.Head().ID] = e.Head().Type
		return nil
	})
	store := memstore.New()
	tracker, err := convtrack.New(store, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, w.source()) }()
	time.Sleep(time.Minute)
	require.NoError(t, tracker.Settle(t.Context()))
	time.Sleep(time.Minute)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, store.Close())
	return heard
}

// settled leaves out what only somebody is told who listened at the time: that a
// conversation had ended before it was re-opened.
func settled(told map[string]events.Type, s genesystest.Scenario) (list []string) {
	for id, kind := range told {
		if kind == events.TypeConversationEnded || kind == events.TypeConversationReopened {
			if s.Name == "" || len(s.Live) > 0 {
				continue
			}
		}
		list = append(list, string(kind)+" "+id)
	}
	slices.Sort(list)
	return list
}

// understood joins what messages say.
func understood(t *testing.T, messages [][]byte) map[string]*conversation.Conversation {
	joined := map[string]*conversation.Conversation{}
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		for _, c := range m.Conversations {
			joined[c.ID] = conversation.Merge(joined[c.ID], c)
		}
	}
	return joined
}

func derived(joined map[string]*conversation.Conversation) map[string]events.Type {
	all := map[string]events.Type{}
	for _, c := range joined {
		for _, e := range events.Derive(c) {
			all[e.Head().ID] = e.Head().Type
		}
	}
	return all
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
