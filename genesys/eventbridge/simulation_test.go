package eventbridge_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

var (
	simulations = flag.Int("simulations", 5, "how many seeds TestNothingIsLostTwiceOrOutOfOrderWhateverTheQueueDoes tries")
	firstSeed   = flag.Uint64("simulation-seed", 1, "the first of them")
)

// TestNothingIsLostTwiceOrOutOfOrderWhateverTheQueueDoes plays random
// conversations into a queue that does what queues do, reads it with one or two
// processes that die, on a store that fails, and compares in the end what the
// hooks were told with what was sent. A seed that fails is repeated with
// -simulations=1 -simulation-seed=N.
func TestNothingIsLostTwiceOrOutOfOrderWhateverTheQueueDoes(t *testing.T) {
	var mu sync.Mutex
	met := map[string]int{}
	t.Run("seeds", func(t *testing.T) {
		for i := range uint64(*simulations) {
			seed := *firstSeed + i
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSimulation(t, seed)
					s.run()
					mu.Lock()
					defer mu.Unlock()
					for fault, n := range s.met {
						met[fault] += n
					}
				})
			})
		}
	})
	for _, name := range slices.Sorted(maps.Keys(met)) {
		t.Logf("%6d × %s", met[name], name)
	}
	if *simulations >= 100 {
		for name := range faults {
			require.NotZero(t, met[name], "the fault %q was never met", name)
		}
	}
}

// simulation is one random history of a queue and of the processes that read it.
type simulation struct {
	*world
	random    *rand.Rand
	platform  *genesystest.Server
	store     *failing
	processes []*process
	met       map[string]int
	starts    atomic.Int64

	mu     sync.Mutex
	sent   [][]byte          // what EventBridge put into the queue
	poison []string          // ids of what nobody can understand
	sentAs map[string][]byte // by message id
	told   map[string][]*events.Header
}

// process is one that reads the queue.
type process struct {
	name string
	stop func(crash bool)
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{
		world: newWorld(t, genesystest.SQSConfig{InMemory: true, Seed: seed}), random: rand.New(rand.NewPCG(seed, 0x5e5)), met: map[string]int{},
		store: &failing{Store: memstore.New()}, sentAs: map[string][]byte{}, told: map[string][]*events.Header{},
	}
	s.queue = s.sqs.Queue("events", genesystest.QueueAttributes{Visibility: 30 * time.Second, DeadLetter: s.dead, MaxReceiveCount: 50})
	options := []genesystest.Option{genesystest.InMemory(), genesystest.Seed(seed)}
	if seed%3 == 0 {
		options = append(options, genesystest.BridgeSnapshots())
	}
	s.platform = genesystest.NewServer(t, options...)
	s.platform.Envelopes(s.send)
	s.processes = []*process{{name: "one"}}
	if seed%2 == 0 {
		s.processes = append(s.processes, &process{name: "two"})
	}
	return s
}

// send puts an envelope into the queue.
func (s *simulation) send(envelope []byte) {
	id := s.queue.Send(envelope)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, envelope)
	s.sentAs[id] = envelope
}

// start starts a process, and again when it ends by itself, as one does whose
// store does not answer at its start.
func (s *simulation) start(p *process) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var now atomic.Pointer[life]
	now.Store(&life{failing: s.store})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := s.process(now.Load(), p.name).Run(ctx); err != nil {
				time.Sleep(5 * time.Second)
			}
			now.Store(&life{failing: s.store})
		}
	}()
	p.stop = func(crash bool) {
		if crash {
			now.Load().over.Store(true)
		}
		cancel()
		<-ended
	}
}

// running is a tracker with its source.
type running struct {
	*convtrack.Tracker
	source *eventbridge.Queue
}

func (r running) Run(ctx context.Context) error { return r.Tracker.Run(ctx, r.source) }

func (s *simulation) process(life *life, name string) running {
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	hooks := events.NewHooks()
	events.After(hooks, "record", func(_ context.Context, e events.Event) error {
		if life.over.Load() {
			return errCrashed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		id := e.Head().ConversationID
		s.told[id] = append(s.told[id], e.Head())
		return nil
	})
	n := int(s.starts.Add(1))
	cache, receivers := 3+n*7%30, 1+n*5%6
	tracker, err := convtrack.New(life, &convtrack.Config{Hooks: hooks, Logger: log, StoreAttempts: 3, Instance: name, CacheSize: cache})
	require.NoError(s.t, err)
	q, err := eventbridge.NewQueue(s.client(), s.queue.URL(), &eventbridge.QueueConfig{Tracked: tracker, Logger: log, Receivers: receivers})
	require.NoError(s.t, err)
	return running{tracker, q}
}

// faults are what happens; all but restarts last until the next one.
var faults = map[string]func(*simulation){
	"duplicates":     func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Duplicate: 0.5}) },
	"disorder":       func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Reorder: 0.5, Delay: 10 * time.Second}) },
	"lost deletes":   func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{LoseDelete: 0.7}) },
	"failed entries": func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{FailEntry: 0.5}) },
	"throttling":     func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Throttle: 0.7}) },
	"errors":         func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Fail: 0.5}) },
	"no answers":     func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Hang: 0.5}) },
	"expired rights": func(s *simulation) { s.sqs.SetFaults(genesystest.SQSFaults{Error: "ExpiredToken"}) },
	"no prolonging": func(s *simulation) {
		s.sqs.SetFaults(genesystest.SQSFaults{Error: "InternalFailure", Status: 500, Only: []string{"ChangeMessageVisibilityBatch"}})
	},
	"a store down":     func(s *simulation) { s.store.down.Store(true) },
	"a store slow":     func(s *simulation) { s.store.takes.Store(int64(time.Duration(1+s.random.IntN(50)) * time.Second)) },
	"a restart":        func(s *simulation) { s.restart(false) },
	"a crash":          func(s *simulation) { s.restart(true) },
	"poison":           func(s *simulation) { s.poison = append(s.poison, s.queue.Send([]byte(`{"detail-type":"v2.`))) },
	"everything again": (*simulation).again,
}

// again sends what was sent before, as a redrive of a dead-letter queue or an
// archive of EventBridge does.
func (s *simulation) again() {
	s.mu.Lock()
	all := slices.Clone(s.sent)
	s.mu.Unlock()
	s.random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	for _, m := range all[:len(all)/2] {
		s.queue.Send(m)
	}
}

func (s *simulation) heal() {
	s.sqs.SetFaults(genesystest.SQSFaults{})
	s.store.down.Store(false)
	s.store.takes.Store(0)
}

// restart ends a process, and starts another one in its place after a while.
func (s *simulation) restart(crash bool) {
	p := s.processes[s.random.IntN(len(s.processes))]
	p.stop(crash)
	time.Sleep(time.Duration(s.random.IntN(60)) * time.Second)
	s.start(p)
}

// run plays, fails, heals and judges.
func (s *simulation) run() {
	for _, p := range s.processes {
		s.start(p)
	}
	var playing []*genesystest.Playing
	scenarios := genesystest.Scenarios()
	for len(playing) < 6 {
		story := scenarios[s.random.IntN(len(scenarios))].Story().Fresh(s.random)
		if moments := story.Moments(); moments[len(moments)-1] < 20*time.Minute {
			playing = append(playing, s.platform.Play(story))
		}
	}
	names := slices.Sorted(maps.Keys(faults))
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); {
		name := names[s.random.IntN(len(names))]
		s.met[name]++
		faults[name](s)
		time.Sleep(time.Duration(5+s.random.IntN(60)) * time.Second)
		if s.random.IntN(3) == 0 {
			s.heal()
		}
	}
	s.heal()
	for _, p := range playing {
		require.NoError(s.t, p.Wait(s.t.Context()))
	}
	time.Sleep(90 * time.Minute)
	synctest.Wait()
	for _, p := range s.processes {
		p.stop(false)
	}
	s.judge()
}

// concluded are the events that single facts can let one believe too early, when
// others of the same moment come after the settling time. (The code of an agent's
// second visit is told of the first one whose end is on its way.)
var concluded = []events.Type{events.TypeAgentConnected, events.TypeAgentDisconnected, events.TypeAgentLeft, events.TypeAgentAlerted,
	events.TypeAgentUnanswered, events.TypeAgentWrappedUp}

// judge compares what the hooks were told with what was sent.
func (s *simulation) judge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Zero(s.t, s.queue.Len(), "all is read")
	require.Equal(s.t, len(s.poison), s.dead.Len(), "only what nobody understands is in the dead-letter queue")
	for _, id := range s.poison {
		require.False(s.t, s.queue.Deleted(id))
	}
	joined := understood(s.t, s.sent)
	require.NotEmpty(s.t, joined)
	for id := range s.told {
		require.Contains(s.t, joined, id, "invented")
	}
	for id, c := range joined {
		logged, err := s.store.Events(s.t.Context(), id)
		require.NoError(s.t, err)
		seq := map[string]int64{}
		for _, e := range logged {
			seq[e.ID] = e.Seq
			require.Empty(s.t, e.Deliveries, "%s is not delivered", e.Type)
		}
		must, told, ends, last := map[string]events.Type{}, map[string]events.Type{}, 0, int64(0)
		fact := map[string]string{} // by the ids under which it can be told
		for _, e := range events.Derive(c) {
			h := e.Head()
			must[h.ID] = h.Type
			for _, id := range append(h.Aliases(), h.ID) {
				fact[id] = h.ID
			}
		}
		facts := map[string]bool{}
		for _, h := range s.told[id] {
			if _, again := told[h.ID]; again {
				require.NotZero(s.t, s.met["a crash"]+s.met["a restart"]+s.met["a store down"]+s.met["a store slow"], "%s is told twice though no process ended and no write was in doubt", h.Type)
				continue
			}
			require.Greater(s.t, seq[h.ID], last, "%s comes too late", h.Type)
			last = seq[h.ID]
			told[h.ID] = h.Type
			switch h.Type {
			case events.TypeConversationEnded:
				ends++
			case events.TypeConversationReopened:
				ends--
			default:
				is, known := fact[h.ID]
				if !known { // concluded while what overturns it was still on its way
					require.Contains(s.t, concluded, h.Type, "%s: invented %s", id, h.Type)
					if h.Type == events.TypeAgentWrappedUp {
						require.Contains(s.t, slices.Collect(maps.Values(must)), h.Type, "%s: no code is known of", id)
					}
					continue
				}
				require.False(s.t, facts[is], "%s: %s is told under two ids", id, h.Type)
				facts[is] = true
			}
		}
		for eventID, kind := range must {
			if kind != events.TypeConversationEnded && kind != events.TypeConversationReopened {
				require.True(s.t, facts[eventID], "%s: lost %s", id, kind)
			}
		}
		if slices.Contains(slices.Collect(maps.Values(must)), events.TypeConversationEnded) {
			require.Equal(s.t, 1, ends, "%s: ends that no reopening followed", id)
		}
	}
}

// failing is a store that outlives the processes that use it, and that can be
// down or slow.
type failing struct {
	store.Store
	down  atomic.Bool
	takes atomic.Int64
}

var errCrashed = errors.New("the process is dead")

// life is a process's connection to a store. When the process crashes nothing
// reaches the store any more.
type life struct {
	*failing
	over atomic.Bool
}

func (l *life) fails(ctx context.Context) error {
	if wait := time.Duration(l.takes.Load()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case l.over.Load():
		return errCrashed
	case l.down.Load():
		return errDown
	}
	return nil
}

func (l *life) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := l.fails(ctx); err != nil {
		return nil, err
	}
	return l.Store.Load(ctx, ids...)
}

func (l *life) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := l.fails(ctx); err != nil {
		return store.Committed{}, err
	}
	return l.Store.Commit(ctx, b)
}

func (l *life) Deposit(ctx context.Context, entries []store.Entry) error {
	if err := l.fails(ctx); err != nil {
		return err
	}
	return l.Store.Deposit(ctx, entries)
}

func (l *life) Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error) {
	if l.over.Load() {
		return nil, time.Time{}, errCrashed
	}
	return l.Store.Claim(ctx, c)
}

func (l *life) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if l.over.Load() {
		return errCrashed
	}
	return l.Store.Renew(ctx, owner, lease, held)
}

func (l *life) Release(ctx context.Context, owner string) error {
	if l.over.Load() {
		return errCrashed
	}
	return l.Store.Release(ctx, owner)
}

func (l *life) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := l.fails(ctx); err != nil {
		return 0, err
	}
	return l.Store.SetValue(ctx, name, value, version)
}
