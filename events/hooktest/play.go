package hooktest

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
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

// An Option changes how a story is played.
type Option func(*options)

type options struct {
	on     store.Store
	change func(*convtrack.Config)
	after  time.Duration
}

// On plays on a store of the caller's, which the caller closes. The clock is the
// real one then; see the package.
func On(s store.Store) Option { return func(o *options) { o.on = s } }

// Configured changes the tracker's configuration.
func Configured(change func(*convtrack.Config)) Option {
	return func(o *options) { o.change = change }
}

// After sets how long time goes on after the last message, in place of a day.
func After(d time.Duration) Option { return func(o *options) { o.after = d } }

// Play plays the story to a tracker with the hooks and returns what became of it.
// It fails the test when the tracker fails, and when the function of a type that is
// defined with events.Define panics, does not return, or finds other facts when it is asked again, or, where messages
// carry a time, when they come in another order.
//
// It must not be called from inside a synctest bubble, unless with [On]: it makes
// one of its own.
func Play(t *testing.T, hooks *events.Hooks, story *genesystest.Story, form Form, opts ...Option) *Outcome {
	t.Helper()
	o := options{after: 24 * time.Hour}
	for _, opt := range opts {
		opt(&o)
	}
	script := form.script(story)
	got := &Outcome{hooks: hooks}
	if o.on != nil {
		o.play(t, hooks, story, script, got)
	} else {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(story.Start)) // nothing runs yet
			o.on = memstore.New()
			o.virtual(t, hooks, story, script, got)
		})
	}
	requireAnswers(t, hooks, script)
	requirePure(t, hooks, got.Conversation)
	if form.ordered {
		requireOrderless(t, hooks, got.Conversation, script)
	}
	return got
}

func (o *options) config(hooks *events.Hooks) *convtrack.Config {
	// A lease in hours: nobody dies here, and virtual days pass at once.
	c := &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler), Lease: 6 * time.Hour}
	if o.change != nil {
		o.change(c)
	}
	return c
}

// virtual hears each message when it would be, and waits for what comes of it.
func (o *options) virtual(t *testing.T, hooks *events.Hooks, story *genesystest.Story, script []message, got *Outcome) {
	tracker, err := convtrack.New(o.on, o.config(hooks))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx) }()
	for _, m := range script {
		time.Sleep(time.Until(story.Start.Add(m.at)))
		observe(ctx, t, tracker.Observe, m)
	}
	time.Sleep(o.after)
	synctest.Wait()
	got.read(ctx, t, tracker, story.ID)
	cancel()
	require.NoError(t, <-ended)
}

// play hears everything at once.
func (o *options) play(t *testing.T, hooks *events.Hooks, story *genesystest.Story, script []message, got *Outcome) {
	tracker, err := convtrack.New(o.on, o.config(hooks))
	require.NoError(t, err)
	require.NoError(t, tracker.Run(t.Context(), source(func(ctx context.Context, sink conversation.Sink) error {
		for _, m := range script {
			observe(ctx, t, sink, m)
		}
		return tracker.Settle(ctx)
	})))
	got.read(t.Context(), t, tracker, story.ID)
}

// source is a source that is a function.
type source func(context.Context, conversation.Sink) error

func (s source) Run(ctx context.Context, sink conversation.Sink) error { return s(ctx, sink) }

func observe(ctx context.Context, t *testing.T, sink conversation.Sink, m message) {
	told, err := genesys.Decode(m.data, time.Now())
	require.NoError(t, err)
	require.NoError(t, sink(ctx, conversation.Update{Conversations: told.Conversations}))
}
