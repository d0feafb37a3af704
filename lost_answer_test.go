package convtrack_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
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
	"github.com/dcmkit/convtrack/storetest"
)

// engineCalls are the calls of the store by which the engine works.
var engineCalls = []string{"Load", "Commit", "Claim", "Renew", "Release", "Due", "Deposit", "Inbox", "Await", "Value", "SetValue"}

// What the store takes for held by a process that does not know of it must not
// hold back the later events of its conversation for ever; nor may anything else
// that one call does or does not do.
func TestOneCallOfTheStoreThatGoesWrongCostsNoEventAndNoOrder(t *testing.T) {
	for _, method := range engineCalls {
		for way, fault := range map[string]storetest.Fault{"fails": {}, "loses its answer": {Late: true}, "hangs": {Hangs: true}} {
			t.Run(method+" "+way, func(t *testing.T) {
				for nth := 1; nth <= 5; nth++ {
					fault.Method, fault.Nth, fault.Times = method, nth, 1
					synctest.Test(t, func(t *testing.T) { oneCallGoesWrong(t, fault) })
				}
			})
		}
	}
}

// oneCallGoesWrong tells two stories to two processes in turn, one of which has a store
// with the fault.
func oneCallGoesWrong(t *testing.T, fault storetest.Fault) {
	s := memstore.New()
	story, other := genesystest.BlindTransferToQueue(), story(t, "internal call between two users")
	ran := map[string]*journal{story.ID: {}, other.ID: {}}
	var failed atomic.Bool
	hooks := events.NewHooks()
	events.After(hooks, "journal", func(_ context.Context, e events.Event) error {
		if failed.CompareAndSwap(false, true) {
			return errors.New("once") // so that the next try is claimed
		}
		ran[e.Head().ConversationID].write("%s", e.Head().ID)
		if e.Head().Type == events.TypeAgentTransferred {
			time.Sleep(20 * time.Second) // so that its lease is renewed
		}
		return nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var trackers []*convtrack.Tracker
	ended := make(chan error, 2)
	for _, on := range []store.Store{storetest.Faulty(s, fault), s} {
		tracker, err := convtrack.New(on, &convtrack.Config{Hooks: hooks, Logger: quiet, CacheSize: 1})
		require.NoError(t, err)
		trackers = append(trackers, tracker)
		go func() {
			err := tracker.Run(ctx)
			for err != nil { // it could not begin
				err = tracker.Run(ctx)
			}
			ended <- err
		}()
		time.Sleep(time.Minute)
	}
	told := [][][]byte{story.Snapshots(), other.Snapshots()}
	for i := range max(len(told[0]), len(told[1])) {
		for of, messages := range told { // in turn, so that they are loaded again and again
			if i < len(messages) {
				for trackers[(i+of)%2].Observe(ctx, conversation.Update{Conversations: decode(t, messages[i])}) != nil {
					time.Sleep(time.Second) // as a source says it again
				}
			}
		}
	}
	time.Sleep(10 * time.Minute)
	for id, want := range map[string][]string{story.ID: storyEvents, other.ID: internalCallEvents} {
		logged, err := s.Events(ctx, id)
		require.NoError(t, err)
		var ids, types []string
		for _, e := range logged {
			ids, types = append(ids, e.ID), append(types, e.Type)
			require.Empty(t, e.Deliveries, "%+v: %s is not done", fault, e.Type)
		}
		require.Equal(t, ids, slices.Compact(ran[id].read()), "%+v: a hook may run again, but not after a later event", fault)
		require.ElementsMatch(t, want, types, "%+v", fault)
	}
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
}
