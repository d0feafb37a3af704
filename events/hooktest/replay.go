package hooktest

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/recording"
	"github.com/dcmkit/convtrack/store/memstore"
)

// Replay plays a recording (package recording) to a tracker with the hooks, and
// returns what became of each conversation in it, in the order in which they were
// first heard. Time is virtual and passes as it did when it was recorded; with
// [On] it is the real one, and all is heard at once. It fails the test when
// the tracker fails, or when a type of your own finds other facts when it is asked
// again; it does not try other orders, as [Play] does.
func Replay(t *testing.T, hooks *events.Hooks, recorded io.Reader, opts ...Option) []*Outcome {
	t.Helper()
	o := options{after: 24 * time.Hour}
	for _, opt := range opts {
		opt(&o)
	}
	heard, err := recording.Read(recorded)
	require.NoError(t, err)
	require.NotEmpty(t, heard, "the recording is empty")
	var outcomes []*Outcome
	if o.on != nil {
		outcomes = o.replay(t, hooks, heard, false)
	} else {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(heard[0].At)) // nothing runs yet
			o.on = memstore.New()
			outcomes = o.replay(t, hooks, heard, true)
		})
	}
	for _, got := range outcomes {
		requirePure(t, hooks, got.Conversation)
	}
	return outcomes
}

func (o *options) replay(t *testing.T, hooks *events.Hooks, heard []recording.Heard, virtual bool) (outcomes []*Outcome) {
	tracker, err := convtrack.New(o.on, o.config(hooks))
	require.NoError(t, err)
	var ids []string
	known := map[string]bool{}
	hear := func(ctx context.Context, sink conversation.Sink) {
		for _, h := range heard {
			if virtual {
				time.Sleep(time.Until(h.At))
			}
			for _, c := range h.Conversations {
				if !known[c.ID] {
					known[c.ID], ids = true, append(ids, c.ID)
				}
			}
			require.NoError(t, sink(ctx, conversation.Update{Conversations: h.Conversations}))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	if virtual {
		go func() { ended <- tracker.Run(ctx) }()
		hear(ctx, tracker.Observe)
		time.Sleep(o.after)
		synctest.Wait()
	} else { // the source ends, so everything is delivered before Run returns
		ended <- tracker.Run(ctx, source(func(ctx context.Context, sink conversation.Sink) error {
			hear(ctx, sink)
			return tracker.Settle(ctx)
		}))
	}
	for _, id := range ids {
		got := &Outcome{hooks: hooks}
		got.read(t.Context(), t, tracker, id)
		outcomes = append(outcomes, got)
	}
	cancel()
	require.NoError(t, <-ended)
	return outcomes
}
