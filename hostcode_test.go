package convtrack_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
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
)

// hostCode is a tracker's host, with a place in which its code misbehaves.
type hostCode struct {
	hooks  *events.Hooks
	config *convtrack.Config
	source *hostSource
	bad    func()
	victim string // the conversation about which it does
}

// places are where code of the host's is called beside the functions of hooks.
var places = map[string]func(*hostCode){
	"the filter of an After hook": func(h *hostCode) {
		events.After(h.hooks, "bad", func(context.Context, *events.AgentTransferred) error { return nil },
			events.Timeout(time.Second), events.When(func(events.Event) bool { h.bad(); return true }))
	},
	"the filter of a Before hook": func(h *hostCode) {
		events.Before(h.hooks, "bad", func(context.Context, *events.AgentTransferred) error { return nil },
			events.Timeout(time.Second), events.When(func(events.Event) bool { h.bad(); return true }))
	},
	"the backoff of an After hook": func(h *hostCode) {
		events.After(h.hooks, "bad", fails[events.Event], events.Backoff(func(int) time.Duration { h.bad(); return 0 }))
	},
	"the backoff of a Before hook": func(h *hostCode) {
		events.Before(h.hooks, "bad", fails[*events.AgentTransferred], events.Backoff(func(int) time.Duration { h.bad(); return 0 }))
	},
	"Config.BeforeBackoff": func(h *hostCode) {
		events.Before(h.hooks, "bad", fails[*events.AgentTransferred])
		h.config.BeforeBackoff = func(int) time.Duration { h.bad(); return 0 }
	},
	"the function of a definition": func(h *hostCode) {
		events.Define(h.hooks, "own", func(*conversation.Conversation) []events.Fact[int] { h.bad(); return nil })
	},
	"the encoding of an event": func(h *hostCode) { h.define(fact{encode: h.bad}) },
	"the decoding of an event": func(h *hostCode) {
		h.define(fact{})
		h.config.MaxDeliveries = 1 // so that the other deliveries are claimed from the store
		decode := h.bad
		decoding.Store(&decode)
	},
	"Config.OnFailed": func(h *hostCode) {
		events.After(h.hooks, "bad", fails[events.Event], events.Attempts(1))
		h.config.OnFailed = func(context.Context, store.FailedItem) { h.bad() }
	},
	"Config.OnGap":         func(h *hostCode) { h.config.OnGap = func(conversation.Gap) { h.bad() } },
	"a source":             func(h *hostCode) { h.source.run = h.bad },
	"Repair of a source":   func(h *hostCode) { h.source.repair = h.bad },
	"Read of a source":     func(h *hostCode) { h.source.read = h.bad },
	"Health of a source":   func(h *hostCode) { h.source.health = h.bad },
	"the name of a source": func(h *hostCode) { h.source.name = h.bad },
	"the handler of the logger": func(h *hostCode) {
		h.config.Logger = slog.New(hostHandler{h.bad})
	},
	"the meter":  func(h *hostCode) { h.config.MeterProvider = hostMeters{do: h.bad} },
	"the tracer": func(h *hostCode) { h.config.TracerProvider = hostTracers{start: h.bad} },
	"a span": func(h *hostCode) {
		events.After(h.hooks, "bad", fails[events.Event])
		h.config.TracerProvider = hostTracers{do: h.bad}
	},
	"a span's trace": func(h *hostCode) {
		events.Before(h.hooks, "fine", func(context.Context, *events.AgentTransferred) error { return nil })
		h.config.TracerProvider = hostTracers{is: h.bad}
	},
}

// onlyPanics are the places in which the host holds itself up otherwise: it is
// asked there by whom it has called, or by everybody who logs or measures.
var onlyPanics = []string{"the name of a source", "the handler of the logger", "the meter", "the tracer", "a span", "a span's trace"}

func TestCodeOfTheHostsThatDoesNotReturnHoldsUpNobodyElse(t *testing.T) {
	for place, prepare := range places {
		for way, bad := range map[string]func(end <-chan struct{}){
			"panics": func(<-chan struct{}) { panic("bad") },
			"exits":  func(<-chan struct{}) { runtime.Goexit() },
			"hangs":  func(end <-chan struct{}) { <-end },
		} {
			if way != "panics" && slices.Contains(onlyPanics, place) {
				continue
			}
			t.Run(place+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					end := make(chan struct{})
					defer time.Sleep(time.Hour) // let what hangs return
					defer close(end)
					holdsUpNobody(t, prepare, func() { bad(end) })
				})
			})
		}
	}
}

func holdsUpNobody(t *testing.T, prepare func(*hostCode), bad func()) {
	victim, other := genesystest.BlindTransferToQueue(), story(t, "internal call between two users")
	h := &hostCode{hooks: events.NewHooks(), source: newHostSource("source"), bad: bad, victim: victim.ID}
	h.config = &convtrack.Config{Hooks: h.hooks, Logger: quiet, OnSourceFailed: func(*convtrack.SourceError) bool { return true }}
	prepare(h)
	t.Cleanup(func() { decoding.Store(nil) })
	j := &journal{}
	events.After(h.hooks, "good", func(_ context.Context, e events.Event) error {
		if e.Head().ConversationID == other.ID && e.Head().Type != "own" {
			j.write("%s", e.Head().Type)
		}
		return nil
	})
	tracker, err := convtrack.New(memstore.New(), h.config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, h.source, newHostSource("other source")) }()
	observe := func(u conversation.Update) {
		go func() { _ = tracker.Observe(ctx, u) }() // who is held up with the victim is no matter
		time.Sleep(time.Second)
	}
	observe(conversation.Update{Gap: &conversation.Gap{Source: "x", From: time.Now()}})
	observe(conversation.Update{Hints: []conversation.Hint{{ConversationID: "hinted"}}})
	for _, m := range victim.Snapshots() {
		observe(conversation.Update{Conversations: decode(t, m)})
	}
	go func() { _ = tracker.Health(ctx) }()
	for _, m := range other.Snapshots() {
		observe(conversation.Update{Conversations: decode(t, m)})
	}
	time.Sleep(3 * time.Minute)
	require.ElementsMatch(t, internalCallEvents, j.read())

	began := time.Now()
	cancel()
	require.NoError(t, <-ended)
	require.LessOrEqual(t, time.Since(began), 30*time.Second, "the drain timeout")
}

func fails[E events.Event](context.Context, E) error { return errors.New("no") }

// define defines an event of the victim's with the data.
func (h *hostCode) define(data fact) {
	events.Define(h.hooks, "own", func(c *conversation.Conversation) []events.Fact[fact] {
		if c.ID != h.victim {
			return nil
		}
		return []events.Fact[fact]{{Time: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), Data: data}}
	})
}

// fact is data of the host's with methods for its encoding.
type fact struct{ encode func() }

// decoding is what happens when one is decoded.
var decoding atomic.Pointer[func()]

func (f fact) MarshalJSON() ([]byte, error) {
	if f.encode != nil {
		f.encode()
	}
	return []byte("{}"), nil
}

func (f *fact) UnmarshalJSON([]byte) error {
	if decode := decoding.Load(); decode != nil {
		(*decode)()
	}
	return nil
}

// hostSource is a source that hears nothing.
type hostSource struct {
	of                              string
	run, name, repair, read, health func()
}

func newHostSource(name string) *hostSource {
	nothing := func() {}
	return &hostSource{name, nothing, nothing, nothing, nothing, nothing}
}

func (s *hostSource) Run(ctx context.Context, _ conversation.Sink) error {
	s.run()
	<-ctx.Done()
	return nil
}

func (s *hostSource) String() string                         { s.name(); return s.of }
func (s *hostSource) Repair(conversation.Gap)                { s.repair() }
func (s *hostSource) Read(context.Context, string) error     { s.read(); return nil }
func (s *hostSource) Health() (is conversation.SourceHealth) { s.health(); return is }

// hostHandler is a handler of logs in which something happens.
type hostHandler struct{ do func() }

func (h hostHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (h hostHandler) Handle(context.Context, slog.Record) error { h.do(); return nil }
func (h hostHandler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h hostHandler) WithGroup(string) slog.Handler             { return h }

type nilError struct{ text *string }

func (e *nilError) Error() string { return *e.text }

type endsWith func() error

func (f endsWith) Run(context.Context, conversation.Sink) error { return f() }

func TestASourceThatReturnsANilPointerAsItsErrorHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		var failed *convtrack.SourceError
		require.ErrorAs(t, tracker.Run(t.Context(), endsWith(func() error { return (*nilError)(nil) })), &failed)
		require.ErrorContains(t, failed, "nil *convtrack_test.nilError")
	})
}

func TestOnSourceFailedThatExitsLetsRunEndWithTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet, OnSourceFailed: func(*convtrack.SourceError) bool { runtime.Goexit(); return true }})
		require.NoError(t, err)
		require.ErrorIs(t, tracker.Run(t.Context(), endsWith(func() error { return errDead }), newHostSource("source")), errDead)
	})
}

func TestASourceThatHasFailedEndsRunAlthoughAnotherOneDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		end := make(chan struct{})
		defer synctest.Wait()
		defer close(end)
		began := time.Now()
		var failed *convtrack.SourceError
		require.ErrorAs(t, tracker.Run(t.Context(), endsWith(func() error { return errDead }), endsWith(func() error { <-end; return nil })), &failed)
		require.ErrorIs(t, failed, errDead)
		require.LessOrEqual(t, time.Since(began), 30*time.Second, "the drain timeout")
	})
}

func TestOnGapThatExitsLetsTheOtherSourcesGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet,
			OnSourceFailed: func(*convtrack.SourceError) bool { return true }, OnGap: func(conversation.Gap) { runtime.Goexit() }})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, endsWith(func() error { return errDead }), newHostSource("source")) }()
		time.Sleep(time.Minute)
		require.Empty(t, ended, "Run goes on")
		stop()
		require.NoError(t, <-ended)
	})
}

func TestWhatASourcePanicsWithIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: slog.New(slog.NewTextHandler(&out, nil))})
		require.NoError(t, err)
		err = tracker.Run(t.Context(), endsWith(func() error { panic(errors.New("Erika Mustermann called")) }))
		require.ErrorContains(t, err, "it panicked: *errors.errorString")
		require.NotContains(t, err.Error()+out.String(), "Erika")
		require.Contains(t, out.String(), "hostcode_test.go", "where it happened")
	})
}

// counting is a store of the host's that cannot count.
type counting struct{ store.Store }

func (counting) Backlog(context.Context) (map[string]int, error) { panic("no such table") }

func TestAStoreThatPanicsWhenHealthAsksItEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &said{}
		r := startOn(t, counting{memstore.New()}, events.NewHooks(), logTo(log))
		time.Sleep(time.Minute)
		require.Equal(t, []string{"deliveries"}, r.Health(t.Context()).Uncounted)
		require.Contains(t, log.String(), "hostcode_test.go", "where it happened")
	})
}
