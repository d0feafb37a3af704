package architect_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store/memstore"
)

var silent = slog.New(slog.DiscardHandler)

// onlyHinted returns a source that asks the API for nothing but what it is
// hinted at.
func onlyHinted(api genesys.API, tracked *convtrack.Tracker, logger *slog.Logger) (*polling.Source, error) {
	const never = 1000 * time.Hour
	return polling.New(polling.Config{API: api, Tracked: tracked, Logger: logger, DiscoverEvery: never, FollowEvery: never,
		FollowBeside: never, FollowLeast: never, JobsEvery: -1, LateAfter: []time.Duration{}, Lookback: time.Second})
}

// following is a handler before a tracker that follows a simulated platform by
// hints alone.
type following struct {
	*architect.Handler
	tracker  *convtrack.Tracker
	platform *genesystest.Server
	log      *written
}

// follow runs a test on one in virtual time.
func follow(t *testing.T, hooks *events.Hooks, test func(t *testing.T, f following)) {
	synctest.Test(t, func(t *testing.T) {
		platform := genesystest.NewServer(t, genesystest.InMemory())
		log := &written{}
		logger := slog.New(slog.NewTextHandler(log, nil))
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: logger, Hooks: hooks})
		require.NoError(t, err)
		poller, err := onlyHinted(platform.API(), tracker, logger)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, poller) }()
		h, _, _ := newHandler(t, func(c *architect.HandlerConfig) { c.Sink = tracker.Observe })
		time.Sleep(10 * time.Second) // what a start asks for is over
		test(t, following{h, tracker, platform, log})
		cancel()
		require.NoError(t, <-ended)
	})
}

// call calls the data action, and demands that it is accepted.
func (f following) call(t *testing.T, conversationID string) {
	t.Helper()
	status, answer := post(f, body(map[string]any{"source": "in-queue", "topic": "x", "conversationId": conversationID}))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, true, answer["accepted"])
}

// requests is how many there were at the platform.
func (f following) requests() int64 { return f.platform.Counts().Requests }

// Whoever builds a flow may take the caller's number for the conversation's id.
func TestANumberThatAFlowGivesForAnIDIsNotLoggedWhileItCannotBeRead(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusBadRequest} {
		follow(t, nil, func(t *testing.T, f following) {
			f.platform.Faults().Requests(genesystest.RequestFault{Status: status})
			f.call(t, "tel:+4930123456")
			time.Sleep(5 * time.Minute)
			require.NotContains(t, f.log.String(), "4930")
			require.Contains(t, f.log.String(), "cannot be read after a hint", status)
		})
	}
}

func TestACallHasTheConversationReadWithinASecond(t *testing.T) {
	follow(t, nil, func(t *testing.T, f following) {
		story := genesystest.BlindTransferToQueue()
		f.platform.Play(story)
		time.Sleep(30 * time.Second) // the first agent talks
		f.call(t, story.ID)
		time.Sleep(time.Second)
		c, err := f.tracker.Get(t.Context(), story.ID)
		require.NoError(t, err)
		require.Equal(t, conversation.StatusActive, c.Status)
	})
}

// Pitfall B1: a workflow is started more than once for one event, for similar
// ones, and several times in parallel.
func TestAThousandCallsForOneConversationCostOneRead(t *testing.T) {
	follow(t, nil, func(t *testing.T, f following) {
		story := genesystest.BlindTransferToQueue()
		f.platform.Play(story)
		time.Sleep(30 * time.Second)
		f.call(t, story.ID) // the first login and the first look
		time.Sleep(10 * time.Second)
		before := f.requests()
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { f.call(t, story.ID) })
		}
		all.Wait()
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 1, f.requests()-before, "they come together")

		before = f.requests()
		for range 1000 {
			f.call(t, story.ID)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		require.LessOrEqual(t, f.requests()-before, int64(2), "they come over a second: the last ones may tell of what the first read did not see")
	})
}

func TestCallsForAConversationThatWasVetoedCostNoRead(t *testing.T) {
	hooks := events.NewHooks()
	events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
	follow(t, hooks, func(t *testing.T, f following) {
		story := genesystest.BlindTransferToQueue()
		f.platform.Play(story)
		time.Sleep(30 * time.Second)
		f.call(t, story.ID)
		time.Sleep(10 * time.Second)
		before := f.requests()
		for range 100 {
			f.call(t, story.ID)
			time.Sleep(time.Second)
		}
		require.Equal(t, before, f.requests())
	})
}

// Pitfall B2: a workflow may start long after its event.
func TestACallLongAfterTheEndChangesNothing(t *testing.T) {
	var mu sync.Mutex
	var told []events.Type
	hooks := events.NewHooks()
	events.After(hooks, "record", func(_ context.Context, e events.Event) error {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e.Head().Type)
		return nil
	})
	follow(t, hooks, func(t *testing.T, f following) {
		story := genesystest.BlindTransferToQueue()
		playing := f.platform.Play(story)
		require.NoError(t, playing.Wait(t.Context()))
		f.call(t, story.ID)
		time.Sleep(time.Minute)
		mu.Lock()
		before := len(told)
		mu.Unlock()
		require.NotZero(t, before)
		time.Sleep(time.Hour)
		status, _ := post(f, body(map[string]any{"source": "trigger", "topic": "v2.detail.events.conversation.{id}.user.start", "conversationId": story.ID,
			"participantId": story.Legs[1].Participant, "eventTime": story.Start.Format(time.RFC3339Nano)}))
		require.Equal(t, http.StatusOK, status)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, told, before)
	})
}
