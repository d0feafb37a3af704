package integrationtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// TestReplicasAnnounceEachEventOnceAndInOrder feeds several trackers on one
// store the same messages: each message to all of them, or to any one.
func TestReplicasAnnounceEachEventOnceAndInOrder(t *testing.T) {
	for _, n := range []int{2, 4} {
		for _, toAll := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d replicas, each message to all %v", n, toAll), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := memstore.New()
					replicas(t, n, toAll, 40, func() store.Store { return s })
				})
			})
		}
	}
}

// replicas runs n trackers, each on what open returns, and judges what their
// hooks were told of so many conversations.
func replicas(t *testing.T, n int, toAll bool, conversations int, open func() store.Store) {
	var mu sync.Mutex
	told := map[string][]string{} // ids of events, by conversation, in the order of the calls
	trackers := make([]*convtrack.Tracker, n)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	for i := range trackers {
		hooks := events.NewHooks()
		events.After(hooks, "record", func(_ context.Context, e events.Event) error {
			mu.Lock()
			defer mu.Unlock()
			told[e.Head().ConversationID] = append(told[e.Head().ConversationID], e.Head().ID)
			return nil
		})
		var err error
		trackers[i], err = convtrack.New(open(), &convtrack.Config{Hooks: hooks, Logger: quiet, Instance: fmt.Sprintf("replica-%d", i), SettleSoon: 50 * time.Millisecond, SettleLate: 100 * time.Millisecond})
		require.NoError(t, err)
		running.Go(func() { require.NoError(t, trackers[i].Run(ctx)) })
	}

	scenarios := genesystest.Scenarios()
	stories := map[string]*conversation.Conversation{}
	var talking sync.WaitGroup
	for c := range conversations {
		random := rand.New(rand.NewPCG(7, uint64(c)))
		story := scenarios[c%len(scenarios)].Story().Fresh(random)
		parts := decode(t, append(story.Details(), story.Records()...)...)
		for _, p := range parts {
			stories[story.ID] = conversation.Merge(stories[story.ID], p)
		}
		for i, tracker := range trackers {
			order := rand.New(rand.NewPCG(uint64(i), uint64(c)))
			mine := parts
			if !toAll {
				mine = nil
				for k, p := range parts {
					if (k+c)%n == i {
						mine = append(mine, p)
					}
				}
			}
			talking.Go(func() {
				for _, k := range order.Perm(len(mine)) {
					require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{mine[k]}}))
				}
			})
		}
	}
	talking.Wait()
	inbox := open()
	emptied := func() bool {
		left, err := inbox.Inbox(t.Context(), store.InboxQuery{Limit: 1})
		require.NoError(t, err)
		return len(left) == 0
	}
	for began := time.Now(); !emptied(); time.Sleep(20 * time.Millisecond) {
		require.Less(t, time.Since(began), 3*time.Minute, "what was heard away from home is not joined")
	}
	require.NoError(t, trackers[0].Settle(t.Context()))
	delivered := func() bool {
		mu.Lock()
		defer mu.Unlock()
		for id := range stories {
			logged, err := trackers[0].Events(t.Context(), id)
			require.NoError(t, err)
			if len(told[id]) < len(logged) {
				return false
			}
		}
		return true
	}
	for began := time.Now(); !delivered(); time.Sleep(20 * time.Millisecond) {
		require.Less(t, time.Since(began), 3*time.Minute, "not everything is delivered")
	}
	stop()
	running.Wait()
	var conflicts, changes int64
	for _, tracker := range trackers {
		conflicts, changes = conflicts+tracker.Stats().Conflicts, changes+tracker.Stats().Changes
	}
	t.Logf("%d changes written, %d conflicts", changes, conflicts)
	for id, whole := range stories {
		logged, err := trackers[0].Events(t.Context(), id)
		require.NoError(t, err)
		var ids []string
		for _, e := range logged {
			ids = append(ids, e.ID)
		}
		require.Equal(t, ids, told[id], "each event once, and in order")
		announced := map[string]bool{}
		for _, id := range ids {
			announced[id] = true
		}
		for _, e := range events.Unannounced(whole, events.Wanted{Types: events.AllTypes}, func(id string) bool { return announced[id] }) {
			if kind := e.Head().Type; kind != events.TypeConversationEnded && kind != events.TypeConversationReopened {
				t.Errorf("%s: lost %s", id, kind)
			}
		}
	}
}
