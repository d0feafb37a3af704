package convtrack_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
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

// said is a log that tests read.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func logTo(s *said) func(*convtrack.Config) {
	return func(c *convtrack.Config) { c.Logger = slog.New(slog.NewTextHandler(s, nil)) }
}

// What is wrong with a registration is the programmer's, and a panic that names
// the remedy.
func TestAWrongRegistrationNamesItsRemedy(t *testing.T) {
	type connected = *events.AgentConnected
	does := func(context.Context, connected) error { return nil }
	all := func(context.Context, events.Event) error { return nil }
	for want, register := range map[string]func(*events.Hooks){
		"nil Hooks: make them with NewHooks": func(*events.Hooks) { events.After(nil, "a", does) },
		"defined with nil Hooks": func(*events.Hooks) {
			events.Define(nil, "a", func(*conversation.Conversation) []events.Fact[int] { return nil })
		},
		"has no function":                    func(h *events.Hooks) { events.Before[connected](h, "a", nil) },
		"has an option that is nil":          func(h *events.Hooks) { events.After(h, "a", does, nil) },
		"has a nil filter in When":           func(h *events.Hooks) { events.After(h, "a", does, events.When(nil)) },
		"has a nil Backoff; see Exponential": func(h *events.Hooks) { events.After(h, "a", does, events.Backoff(nil)) },
		"Optional is for Before hooks":       func(h *events.Hooks) { events.After(h, "a", does, events.Optional()) },
		"is Optional, so it is not tried again": func(h *events.Hooks) {
			events.Before(h, "a", does, events.Optional(), events.Attempts(3))
		},
		"Attempts and Backoff are for hooks that decide": func(h *events.Hooks) {
			events.Before(h, "a", does, events.Backoff(events.Exponential(1, 2)), events.Optional())
		},
		"InTransaction is for After hooks":            func(h *events.Hooks) { events.Before(h, "a", does, events.InTransaction()) },
		"Config.BeforeWorkers says":                   func(h *events.Hooks) { events.Before(h, "a", does, events.Concurrency(2)) },
		"Timeout of 0s; it must be positive":          func(h *events.Hooks) { events.After(h, "a", does, events.Timeout(0)) },
		"Attempts(0); it is tried at least once":      func(h *events.Hooks) { events.After(h, "a", does, events.Attempts(0)) },
		"Concurrency(-1); it must be at least 1":      func(h *events.Hooks) { events.After(h, "a", does, events.Concurrency(-1)) },
		"OfTypes without a type":                      func(h *events.Hooks) { events.After(h, "a", all, events.OfTypes()) },
		`OfTypes("conversation.ended"), but its func`: func(h *events.Hooks) { events.After(h, "a", does, events.OfTypes(events.TypeConversationEnded)) },
	} {
		require.Contains(t, panicOf(func() { register(events.NewHooks()) }), want)
	}
}

// panicOf returns with what do panics.
func panicOf(do func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	do()
	return ""
}

func TestANilStoreIsAnErrorThatNamesItsRemedy(t *testing.T) {
	var none *limited
	for _, s := range []store.Store{nil, none} {
		_, err := convtrack.New(s, nil)
		require.ErrorContains(t, err, "memstore.New()", "%T", s)
	}
}

func TestAWrongRunIsAnErrorThatNamesItsRemedy(t *testing.T) {
	tracker, err := convtrack.New(memstore.New(), nil)
	require.NoError(t, err)
	require.ErrorContains(t, tracker.Run(t.Context(), nil), "source 1 of 1 given to Run is nil")
	var none *silent
	require.ErrorContains(t, tracker.Run(t.Context(), &silent{}, none), "source 2 of 2 given to Run is nil", "a nil of a type")
}

type silent struct{}

func (*silent) Run(context.Context, conversation.Sink) error { return nil }

func TestAnUnstatedConversationIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, events.NewHooks())
		observe := func(c *conversation.Conversation) error {
			return r.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{c}})
		}
		agent := []*conversation.Session{{ID: "s", MediaType: conversation.MediaVoice, State: conversation.StateConnected}}
		for _, c := range []*conversation.Conversation{
			{ID: "c", ExternalTag: "x"}, {ID: "c", Attributes: map[string]string{"a": "b"}},
			{ID: "c", Participants: []*conversation.Participant{{ID: "p", UserID: "u"}}},
			{ID: "c", Participants: []*conversation.Participant{{ID: "p", Sessions: agent}}},
		} {
			require.ErrorContains(t, observe(c), "pass it through conversation.State first")
		}
		stated := conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", UserID: "u", Sessions: agent}}},
			conversation.Statement{By: conversation.SourceHost, Seen: time.Now()})
		require.NoError(t, observe(stated))
		c, err := r.Get(t.Context(), "c")
		require.NoError(t, err)
		require.NoError(t, observe(c), "what is stored is stated")
	})
}

func TestObserveBeforeRunSaysWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log said
		config := &convtrack.Config{}
		logTo(&log)(config)
		tracker, err := convtrack.New(memstore.New(), config)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err = tracker.Observe(ctx, conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "Run has not begun")
		require.Contains(t, log.String(), "call Run, and Observe while it runs")
	})
}

func TestDeliveriesOfAHookThatWasRenamedAreNamedWhenRunBegins(t *testing.T) {
	s := memstore.New()
	run := func(name string, hook func(context.Context, *events.ConversationEnded) error, log *said) {
		hooks := events.NewHooks()
		events.After(hooks, name, hook, events.Attempts(1))
		config := &convtrack.Config{Hooks: hooks}
		logTo(log)(config)
		tracker, err := convtrack.New(s, config)
		require.NoError(t, err)
		require.NoError(t, tracker.Run(t.Context(), recording(genesystest.BlindTransferToQueue().Snapshots()), idle(func(context.Context) {
			require.Eventually(t, func() bool {
				return name == "old" || bytes.Contains([]byte(log.String()), []byte("renamed or removed"))
			}, time.Minute, time.Millisecond)
		})))
	}
	var first, second said
	run("old", func(context.Context, *events.ConversationEnded) error { return context.DeadlineExceeded }, &first)
	require.NotContains(t, first.String(), "renamed or removed")
	run("new", func(context.Context, *events.ConversationEnded) error { return nil }, &second)
	require.Contains(t, second.String(), "hook=old deliveries=1")
	require.NotContains(t, second.String(), "hook=new deliveries")
}

func TestDeliveriesThatAProcessLeavesToNobodyAreNamedSoonAfterItHasGone(t *testing.T) {
	for name, leave := range map[string]func(old *rig, remove func()){
		"stopped":  func(old *rig, _ func()) { require.NoError(t, old.stop()) },
		"died":     func(old *rig, _ func()) { old.store.(*dying).dead.Store(true) },
		"unhooked": func(_ *rig, remove func()) { remove() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log, own said
				s := memstore.New()
				hooks := events.NewHooks()
				remove := events.After(hooks, "old", func(context.Context, *events.ConversationCreated) error { return errDead })
				old := startOn(t, &dying{Store: s}, hooks, logTo(&own))
				old.tell(genesystest.BlindTransferToQueue().Snapshots()...)
				startOn(t, s, events.NewHooks(), logTo(&log))
				time.Sleep(2 * time.Minute)
				require.NotContains(t, log.String(), "renamed or removed", "another process has it")
				leave(old, remove)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Contains(t, log.String()+own.String(), "hook=old deliveries=1")
				time.Sleep(4 * time.Hour)
				require.InDelta(t, 4, strings.Count(log.String(), "hook=old deliveries=1"), 1, "and again each hour")
			})
		})
	}
}

// idle is a source that has nothing to say.
type idle func(context.Context)

func (w idle) Run(ctx context.Context, _ conversation.Sink) error { w(ctx); return nil }

func TestAHookThatNoEventReachesIsNamedWhenRunBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log said
		hooks := events.NewHooks()
		type waiting struct{}
		events.Define(hooks, "customer.waiting", func(*conversation.Conversation) []events.Fact[waiting] { return nil })
		events.After(hooks, "reached", func(context.Context, *events.Custom[waiting]) error { return nil })
		events.After(hooks, "of a type that nobody defines", func(context.Context, *events.Custom[int]) error { return nil })
		events.After(hooks, "of a type that is misspelt", func(context.Context, events.Event) error { return nil }, events.OfTypes("costumer.waiting", events.TypeAgentLeft))
		start(t, hooks, logTo(&log))
		synctest.Wait()
		require.Contains(t, log.String(), "events.Define before Run")
		require.Contains(t, log.String(), `hook="of a type that nobody defines"`)
		require.Contains(t, log.String(), `hook="of a type that is misspelt"`)
		require.NotContains(t, log.String(), "hook=reached")
	})
}

func TestAStoreWithTooFewConnectionsForHooksIsNamed(t *testing.T) {
	var log said
	config := &convtrack.Config{BeforeWorkers: 4}
	logTo(&log)(config)
	_, err := convtrack.New(limited{memstore.New()}, config)
	require.NoError(t, err)
	require.Contains(t, log.String(), "give the store's pool more, or set Config.BeforeWorkers lower")
}

// limited is a store with four connections.
type limited struct{ store.Store }

func (limited) Transactions() int { return 4 }
