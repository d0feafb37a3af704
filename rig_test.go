package convtrack_test

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// rig is a running tracker.
type rig struct {
	t     *testing.T
	store store.Store
	hooks *events.Hooks
	*convtrack.Tracker
	cancel context.CancelFunc
	ended  chan error
}

// start runs a tracker on a new memory store inside a synctest bubble.
func start(t *testing.T, hooks *events.Hooks, change ...func(*convtrack.Config)) *rig {
	return startOn(t, memstore.New(), hooks, change...)
}

func startOn(t *testing.T, s store.Store, hooks *events.Hooks, change ...func(*convtrack.Config)) *rig {
	t.Helper()
	return startWith(t, s, hooks, nil, change...)
}

// startWith runs a tracker with a source, unless that is nil.
func startWith(t *testing.T, s store.Store, hooks *events.Hooks, source convtrack.Source, change ...func(*convtrack.Config)) *rig {
	t.Helper()
	var sources []convtrack.Source
	if source != nil {
		sources = append(sources, source)
	}
	config := &convtrack.Config{Hooks: hooks, Logger: quiet}
	for _, c := range change {
		c(config)
	}
	tracker, err := convtrack.New(s, config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r := &rig{t: t, store: s, hooks: hooks, Tracker: tracker, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- tracker.Run(ctx, sources...) }()
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// stop stops the tracker and returns what Run returned.
func (r *rig) stop() error {
	r.cancel()
	err, ok := <-r.ended
	if ok {
		close(r.ended)
	}
	return err
}

// tell observes messages one by one.
func (r *rig) tell(messages ...[]byte) {
	r.t.Helper()
	for _, m := range messages {
		require.NoError(r.t, r.Observe(r.t.Context(), conversation.Update{Conversations: decode(r.t, m)}))
	}
}

func decode(t testing.TB, m []byte) []*conversation.Conversation {
	t.Helper()
	msg, err := genesys.Decode(m, time.Time{})
	require.NoError(t, err)
	return msg.Conversations
}

// journal is what hooks write down, in order.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) write(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, fmt.Sprintf(format, args...))
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// journalHook writes every event's type down.
func journalHook(hooks *events.Hooks, name string, opts ...events.Option) *journal {
	j := &journal{}
	events.After(hooks, name, func(_ context.Context, e events.Event) error {
		j.write("%s", e.Head().Type)
		return nil
	}, opts...)
	return j
}

func story(t testing.TB, name string) *genesystest.Story {
	t.Helper()
	for _, s := range genesystest.Scenarios() {
		if s.Name == name {
			return s.Story()
		}
	}
	t.Fatalf("no scenario %q", name)
	return nil
}

// internalCallEvents are those of "internal call between two users".
var internalCallEvents = []string{"conversation.created", "participant.added", "agent.alerted", "participant.added", "agent.alerted", "agent.connected",
	"agent.connected", "agent.disconnected", "agent.left", "agent.left", "conversation.ended"}

// storyEvents are those of [genesystest.BlindTransferToQueue].
var storyEvents = []string{
	"conversation.created", "participant.added", "participant.added", "participant.added", "conversation.queued", "participant.added",
	"agent.alerted", "agent.connected", "agent.transferred", "agent.left", "participant.added", "conversation.queued", "participant.added",
	"agent.alerted", "agent.connected", "agent.wrappedUp", "agent.disconnected", "agent.left", "agent.wrappedUp", "conversation.ended",
}

func items[T any](t *testing.T, seq func(func(T, error) bool)) func(func(T) bool) {
	return func(yield func(T) bool) {
		for x, err := range seq {
			require.NoError(t, err)
			if !yield(x) {
				return
			}
		}
	}
}

var errDead = errors.New("dead")

func understoodAll(t *testing.T, messages ...[]byte) []*conversation.Conversation {
	var all []*conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		all = append(all, m.Conversations...)
	}
	return all
}
