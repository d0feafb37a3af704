package eventbridge_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

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
