package convtrack_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// readsAll is a source that can read every conversation, and hears nothing.
type readsAll struct {
	mu   sync.Mutex
	read map[string]bool
	fail chan struct{} // closed when it fails for good; nil: it does not
}

func (s *readsAll) Run(ctx context.Context, _ conversation.Sink) error {
	select {
	case <-s.fail:
		return errors.New("it fails for good")
	case <-ctx.Done():
		return nil
	}
}

func (s *readsAll) Read(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read == nil {
		s.read = map[string]bool{}
	}
	s.read[id] = true
	return nil
}

func (s *readsAll) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.read)
}

func TestAHintIsReadByAProcessThatCanWhicheverLooksAfterTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored, api := memstore.New(), &readsAll{}
		web := startOn(t, stored, nil, func(c *convtrack.Config) { c.Instance = "web" })
		hintAt := func(of string) {
			for i := range 8 {
				require.NoError(t, web.Observe(t.Context(), hint(fmt.Sprint(of, i))))
			}
		}
		hintAt("before-")
		time.Sleep(time.Minute)
		startWith(t, stored, nil, api, func(c *convtrack.Config) { c.Instance = "worker" })
		time.Sleep(15 * time.Second)
		require.Equal(t, 8, api.len(), "also what waited for it")
		hintAt("after-")
		time.Sleep(2 * time.Second)
		require.Equal(t, 16, api.len())
	})
}

func TestWhatAReaderThatFailedForGoodWasToReadIsReadByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored, failing, other := memstore.New(), &readsAll{fail: make(chan struct{})}, &readsAll{}
		first, err := convtrack.New(stored, &convtrack.Config{Logger: quiet, Instance: "first", OnSourceFailed: func(*convtrack.SourceError) bool { return true }})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- first.Run(ctx, failing, idle(func(ctx context.Context) { <-ctx.Done() })) }()
		startWith(t, stored, nil, other, func(c *convtrack.Config) { c.Instance = "second" })
		time.Sleep(15 * time.Second)
		close(failing.fail)
		time.Sleep(15 * time.Second)
		for i := range 8 {
			require.NoError(t, first.Observe(t.Context(), hint(fmt.Sprint("c-", i))))
		}
		time.Sleep(2 * time.Second)
		require.Equal(t, 8, other.len())
		require.Zero(t, failing.len())
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestAReaderGoesOnReadingWhenAnotherOfItsTypeFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing, other := &readsAll{fail: make(chan struct{})}, &readsAll{}
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet, OnSourceFailed: func(*convtrack.SourceError) bool { return true }})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, failing, other) }()
		time.Sleep(time.Second)
		close(failing.fail)
		time.Sleep(10 * time.Second)
		require.NoError(t, tracker.Observe(t.Context(), hint("c")))
		time.Sleep(2 * time.Second)
		require.Equal(t, 1, other.len())
		cancel()
		require.NoError(t, <-ended)
	})
}
