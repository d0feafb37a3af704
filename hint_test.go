package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// hinted runs a tracker that asks the API only when it is hinted at something.
func hinted(t *testing.T, server *genesystest.Server, s store.Store, hooks *events.Hooks) (tracker *convtrack.Tracker, stop func()) {
	t.Helper()
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: quiet, Hooks: hooks})
	require.NoError(t, err)
	const never = 1000 * time.Hour
	poller, err := polling.New(polling.Config{API: server.API(), Tracked: tracker, Logger: quiet, DiscoverEvery: never, FollowEvery: never,
		FollowBeside: never, FollowLeast: never, JobsEvery: -1, LateAfter: []time.Duration{}, Lookback: time.Second})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, poller) }()
	return tracker, func() { cancel(); require.NoError(t, <-ended) }
}

func hint(id string) conversation.Update {
	return conversation.Update{Hints: []conversation.Hint{{ConversationID: id, By: "data action"}}}
}

func TestAHintIsReadWithinASecondAndOnceHoweverManyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := genesystest.NewServer(t, genesystest.InMemory())
		tracker, stop := hinted(t, server, memstore.New(), nil)
		defer stop()
		time.Sleep(10 * time.Second)
		story := genesystest.BlindTransferToQueue()
		server.Play(story)
		time.Sleep(30 * time.Second) // the first agent talks
		_, err := tracker.Get(t.Context(), story.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		before := server.Counts().Requests
		for range 1000 {
			require.NoError(t, tracker.Observe(t.Context(), hint(story.ID)))
		}
		time.Sleep(time.Second)
		c, err := tracker.Get(t.Context(), story.ID)
		require.NoError(t, err)
		require.Equal(t, conversation.StatusActive, c.Status)
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, server.Counts().Requests-before)
	})
}

func TestAHintThatWasAnsweredIsReadAlthoughItsProcessIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := genesystest.NewServer(t, genesystest.InMemory())
		story := genesystest.BlindTransferToQueue()
		server.Play(story)
		time.Sleep(30 * time.Second)
		s := &crashing{Store: memstore.New()}
		life := s.live()
		deaf, err := convtrack.New(life, &convtrack.Config{Logger: quiet}) // without a source that reads
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- deaf.Run(ctx) }()
		require.NoError(t, deaf.Observe(t.Context(), hint(story.ID)))
		life.crash()
		cancel()
		require.NoError(t, <-ended)

		tracker, stop := hinted(t, server, s.live(), nil)
		defer stop()
		time.Sleep(time.Minute) // the dead process is struck out
		_, err = tracker.Get(t.Context(), story.ID)
		require.NoError(t, err)
	})
}

func TestAHintAboutAVetoedConversationCostsNoRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := genesystest.NewServer(t, genesystest.InMemory())
		hooks := events.NewHooks()
		events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		tracker, stop := hinted(t, server, memstore.New(), hooks)
		defer stop()
		time.Sleep(10 * time.Second)
		story := genesystest.BlindTransferToQueue()
		server.Play(story)
		time.Sleep(30 * time.Second)
		require.NoError(t, tracker.Observe(t.Context(), hint(story.ID)))
		time.Sleep(10 * time.Second)
		before := server.Counts().Requests
		for range 100 {
			require.NoError(t, tracker.Observe(t.Context(), hint(story.ID)))
			time.Sleep(time.Second)
		}
		require.Equal(t, before, server.Counts().Requests)
	})
}

func TestAHintWithoutAConversationIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		require.ErrorContains(t, r.Observe(t.Context(), hint("")), "names no conversation")
	})
}
