package notifications_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// world is a simulated platform in virtual time, a source that listens to it, and
// what the source gave to its sink.
type world struct {
	t      *testing.T
	server *genesystest.Server
	heard  *ear
	kept   *shelf
	source *notifications.Source
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, w *world), opts ...genesystest.Option) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, server: genesystest.NewServer(t, append(opts, genesystest.InMemory())...), heard: newEar(), kept: &shelf{values: map[string]shelved{}}}
		test(t, w)
	})
}

// open runs a source until cancel is called; ended receives what Run returns.
func (w *world) open(c notifications.Config, sink conversation.Sink) (cancel func(), ended <-chan error) {
	if c.API == nil {
		c.API = w.server.API()
	}
	if c.DialContext == nil {
		c.DialContext = w.server.DialContext
	}
	c.Logger = slog.New(slog.NewTextHandler(w.t.Output(), nil))
	source, err := notifications.New(c)
	require.NoError(w.t, err)
	w.source = source
	ctx, cancel := context.WithCancel(w.t.Context())
	end := make(chan error, 1)
	go func() { end <- source.Run(ctx, sink) }()
	return cancel, end
}

// start runs a source until the test ends or stop is called.
func (w *world) start(c notifications.Config) (stop func()) {
	cancel, ended := w.open(c, w.heard.sink)
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(w.t, <-ended)
	})
	w.t.Cleanup(stop)
	w.settle(time.Second)
	return stop
}

// topicsOfUsers are the topics of n users.
func topicsOfUsers(n int) []string {
	var users []string
	for i := range n {
		users = append(users, fmt.Sprintf("u-%d", i))
	}
	return notifications.UserTopics(users...)
}

// unheard lets each of the users answer a call, and returns how many of the calls
// were not heard of.
func (w *world) unheard(users int) (n int) {
	id := func(i int) string { return fmt.Sprintf("c-%d", i) }
	for i := range users {
		s := genesystest.NewStory(id(i))
		s.Customer("cust", 0)
		s.Agent("a", 0, fmt.Sprintf("u-%d", i), "q-1").Answer(time.Second)
		w.server.Play(s)
	}
	w.settle(3 * time.Second)
	for i := range users {
		if w.heard.status(id(i)) != conversation.StatusActive {
			n++
		}
	}
	return n
}

// settle lets time pass.
func (w *world) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// call plays the answered call, transferred to a queue, of protocol 7.15 and
// returns its id.
func (w *world) call() string {
	p := w.server.Play(genesystest.BlindTransferToQueue())
	return p.ID()
}

var callTopics = notifications.UserTopics("user-a", "user-b")

// ear is a sink that records what the source gives it.
type ear struct {
	mu     sync.Mutex
	is     map[string]*conversation.Conversation
	gaps   []conversation.Gap
	calls  int
	before func(ctx context.Context) error
}

func newEar() *ear { return &ear{is: map[string]*conversation.Conversation{}} }

func (e *ear) sink(ctx context.Context, u conversation.Update) error {
	e.mu.Lock()
	before := e.before
	e.mu.Unlock()
	if before != nil && len(u.Conversations) > 0 {
		if err := before(ctx); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if u.Gap != nil {
		e.gaps = append(e.gaps, *u.Gap)
	}
	for _, c := range u.Conversations {
		e.calls++
		e.is[c.ID] = conversation.Merge(e.is[c.ID], c)
	}
	return nil
}

func (e *ear) hook(before func(ctx context.Context) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before = before
}

func (e *ear) conversation(id string) *conversation.Conversation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.is[id]
}

func (e *ear) status(id string) conversation.Status {
	if c := e.conversation(id); c != nil {
		return c.Status
	}
	return ""
}

// all returns the gaps that were announced.
func (e *ear) all() []conversation.Gap {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.gaps)
}

// closed returns the gaps that are over.
func (e *ear) closed() []conversation.Gap {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.gaps), func(g conversation.Gap) bool { return g.To.IsZero() })
}

// shelf is the part of a tracker that sources use (genesys.Tracked). Several sources
// can share one, each under the name of its process.
type shelf struct {
	mu     sync.Mutex
	values map[string]shelved
	open   []*conversation.Conversation
	live   []string // processes; nil: only one, "this"
	moved  chan struct{}
	frozen bool // writes are lost
}

// as is a shelf as seen by one process.
type as struct {
	*shelf
	name string
}

func (a as) Instance() string { return a.name }

func (a as) Mine(_, key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return len(a.live) > 0 && a.live[int(h.Sum32())%len(a.live)] == a.name
}

// members sets which processes are alive.
func (s *shelf) members(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = names
	if s.moved != nil {
		close(s.moved)
	}
	s.moved = make(chan struct{})
}

func (s *shelf) Mine(string, string) bool { return true }

func (s *shelf) Moved() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}

func (s *shelf) Instance() string { return "this" }

func (s *shelf) Alive(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.live, name)
}

type shelved struct {
	value   []byte
	version int64
}

var _ genesys.Tracked = (*shelf)(nil)

func (s *shelf) Open(context.Context) iter.Seq2[*conversation.Conversation, error] {
	s.mu.Lock()
	open := slices.Clone(s.open)
	s.mu.Unlock()
	return func(yield func(*conversation.Conversation, error) bool) {
		for _, c := range open {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// setOpen sets which conversations are open.
func (s *shelf) setOpen(list ...*conversation.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = list
}

func (s *shelf) Ended(context.Context, time.Time, time.Time) iter.Seq2[*conversation.Conversation, error] {
	return func(func(*conversation.Conversation, error) bool) {}
}

func (s *shelf) Value(_ context.Context, name string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name].value, s.values[name].version, nil
}

func (s *shelf) SetValue(_ context.Context, name string, value []byte, version int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[name].version != version {
		return 0, errConflict
	}
	if s.frozen {
		return version + 1, nil
	}
	s.values[name] = shelved{slices.Clone(value), version + 1}
	return version + 1, nil
}
