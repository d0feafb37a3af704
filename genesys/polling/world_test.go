package polling_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

var (
	_ genesys.Tracked    = (*convtrack.Tracker)(nil)
	_ convtrack.Source   = (*polling.Source)(nil)
	_ convtrack.Repairer = (*polling.Source)(nil)
	_ polling.Comparer   = (*notifications.Source)(nil)
)

// world is a simulated platform in virtual time, a tracker with a store in memory,
// and a poller that feeds it.
type world struct {
	t       *testing.T
	server  *genesystest.Server
	store   *memstore.Store
	frail   *frail // the store as the tracker sees it
	tracker *convtrack.Tracker
	source  *polling.Source
	refuses atomic.Pointer[refusal] // which conversations the store refuses; nil: none
	lease   time.Duration           // of the tracker; zero: the default
	batch   int                     // of its commits; zero: the default
	calls   tap
	log     logged
	gaps    []conversation.Gap // that the host was told of
}

// logged is what was logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tap is an API that records the details queries and may change answers.
type tap struct {
	genesys.API
	change func(r genesys.Request, body []byte, err error) ([]byte, error) // nil: nothing is changed
	waits  func(r genesys.Request) time.Duration                           // for an answer in vain; nil, or zero: not at all

	mu    sync.Mutex
	asked []question
}

// question is a details query that was asked.
type question struct {
	body    string
	from    time.Time
	to      time.Time
	number  int
	refused bool
}

func (a *tap) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if wait := a.inVain(r); wait > 0 {
		select {
		case <-time.After(wait):
			return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Err: errors.New("no answer in time")}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	body, err := a.API.Call(ctx, r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.change != nil {
		body, err = a.change(r, body, err)
	}
	if r.Path == queryPath {
		from, to, number := readQuestion(r.Body)
		a.asked = append(a.asked, question{string(r.Body), from, to, number, err != nil})
	}
	return body, err
}

// readQuestion parses a details query.
func readQuestion(body []byte) (from, to time.Time, number int) {
	var q struct {
		Interval string
		Paging   struct{ PageNumber int }
	}
	if err := json.Unmarshal(body, &q); err != nil {
		panic(err)
	}
	begin, end, _ := strings.Cut(q.Interval, "/")
	from, err1 := time.Parse(time.RFC3339, begin)
	to, err2 := time.Parse(time.RFC3339, end)
	if err := errors.Join(err1, err2); err != nil {
		panic(err)
	}
	return from, to, q.Paging.PageNumber
}

// questions returns the details queries since the last time.
func (a *tap) questions() []question {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	return asked
}

// answer replaces what the platform answers from now on; nil: nothing.
func (a *tap) answer(change func(r genesys.Request, body []byte, err error) ([]byte, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.change = change
}

// wait has the client wait in vain for some answers.
func (a *tap) wait(waits func(r genesys.Request) time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waits = waits
}

func (a *tap) inVain(r genesys.Request) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waits == nil {
		return 0
	}
	return a.waits(r)
}

// lost returns the losses that were announced to the host.
func (w *world) lost() []conversation.Gap {
	return slices.DeleteFunc(slices.Clone(w.gaps), func(g conversation.Gap) bool { return !g.Lost })
}

func inBubble(t *testing.T, test func(t *testing.T, w *world), opts ...genesystest.Option) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, server: genesystest.NewServer(t, append(opts, genesystest.InMemory())...), store: memstore.New()}
		w.frail = &frail{Store: w.store}
		w.calls.API = w.server.API()
		test(t, w)
	})
}

// start runs a tracker and a poller until the test ends or stop is called.
func (w *world) start(c polling.Config) (stop func()) {
	log := slog.New(slog.NewTextHandler(io.MultiWriter(w.t.Output(), &w.log), nil))
	tracker, err := convtrack.New(w.frail, &convtrack.Config{Logger: log, Lease: w.lease, BatchSize: w.batch, OnGap: func(g conversation.Gap) { w.gaps = append(w.gaps, g) }})
	require.NoError(w.t, err)
	c.API, c.Tracked, c.Logger = &w.calls, tracker, log
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

// requests returns the requests since a time whose path has that prefix.
func (w *world) requests(prefix string, since time.Time) []genesystest.RequestRecord {
	var found []genesystest.RequestRecord
	for _, r := range w.server.Requests() {
		if strings.HasPrefix(r.Path, prefix) && !r.At.Before(since) {
			found = append(found, r)
		}
	}
	return found
}

// refusal is the error with which a store refuses a conversation; nil: it takes it.
type refusal func(c *conversation.Conversation) error

// refuse has the store refuse the conversations for which it returns true.
func (w *world) refuse(these func(c *conversation.Conversation) bool) {
	w.refuseWith(func(c *conversation.Conversation) error {
		if these(c) {
			return errors.New("the row is refused")
		}
		return nil
	})
}

func (w *world) refuseWith(r refusal) { w.refuses.Store(&r) }

// picky is a poller whose store refuses some conversations.
type picky struct {
	*polling.Source
	w *world
}

func (p *picky) Run(ctx context.Context, sink conversation.Sink) error {
	return p.Source.Run(ctx, func(ctx context.Context, u conversation.Update) error {
		for _, c := range u.Conversations {
			if refuses := p.w.refuses.Load(); refuses != nil {
				if err := (*refuses)(c); err != nil {
					return err
				}
			}
		}
		return sink(ctx, u)
	})
}
