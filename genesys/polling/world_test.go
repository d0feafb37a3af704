package polling_test

import (
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
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

var (
	_ genesys.Tracked    = (*convtrack.Tracker)(nil)
	_ convtrack.Source   = (*polling.Source)(nil)
	_ convtrack.Repairer = (*polling.Source)(nil)
)

// world is a simulated platform in virtual time, a tracker on a store in
// memory, and a poller that feeds it.
type world struct {
	t       *testing.T
	server  *genesystest.Server
	store   *memstore.Store
	tracker *convtrack.Tracker
	source  *polling.Source
	refuses func(c *conversation.Conversation) error // the store's mind; nil: it takes everything
}

func inBubble(t *testing.T, test func(t *testing.T, w *world), opts ...genesystest.Option) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, server: genesystest.NewServer(t, append(opts, genesystest.InMemory())...), store: memstore.New()}
		test(t, w)
	})
}

// start runs a tracker and a poller until the test ends or stop is called.
func (w *world) start(c polling.Config) (stop func()) {
	log := slog.New(slog.NewTextHandler(w.t.Output(), nil))
	tracker, err := convtrack.New(w.store, &convtrack.Config{Logger: log})
	require.NoError(w.t, err)
	c.API, c.Tracked, c.Logger = w.server.API(), tracker, log
	source, err := polling.New(c)
	require.NoError(w.t, err)
	w.tracker, w.source = tracker, source
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, &picky{source, w}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(w.t, <-ended)
	})
	w.t.Cleanup(stop)
	synctest.Wait()
	return stop
}

func (w *world) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) get(id string) *conversation.Conversation {
	c, err := w.tracker.Get(w.t.Context(), id)
	if err != nil {
		require.ErrorIs(w.t, err, store.ErrNotFound)
		return nil
	}
	return c
}

func (w *world) status(id string) conversation.Status {
	if c := w.get(id); c != nil {
		return c.Status
	}
	return ""
}

// call plays the answered call, transferred to a queue, of protocol 7.15.
func (w *world) call(id string) {
	s := genesystest.BlindTransferToQueue()
	s.ID = id
	w.server.Play(s)
}

// waiting plays a conversation that stays open.
func (w *world) waiting(id string) {
	s := genesystest.NewStory(id)
	s.Customer("cust", 0)
	s.Queue("acd", time.Second, "q-1")
	w.server.Play(s)
}

// requests returns the requests whose path begins so, since a time.
func (w *world) requests(prefix string, since time.Time) []genesystest.RequestRecord {
	var found []genesystest.RequestRecord
	for _, r := range w.server.Requests() {
		if strings.HasPrefix(r.Path, prefix) && !r.At.Before(since) {
			found = append(found, r)
		}
	}
	return found
}

// picky is a poller whose store refuses some conversations.
type picky struct {
	*polling.Source
	w *world
}

func (p *picky) Run(ctx context.Context, sink conversation.Sink) error {
	return p.Source.Run(ctx, func(ctx context.Context, u conversation.Update) error {
		for _, c := range u.Conversations {
			if p.w.refuses == nil {
				break
			}
			if err := p.w.refuses(c); err != nil {
				return err
			}
		}
		return sink(ctx, u)
	})
}
