package convtrack_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
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
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

var (
	simulations = flag.Int("simulations", 6, "how many seeds TestNothingIsLostInventedOrOutOfOrderWhateverFails tries")
	firstSeed   = flag.Uint64("simulation-seed", 1, "the first of them")
)

// TestNothingIsLostInventedOrOutOfOrderWhateverFails plays random conversations
// on the simulator, lets everything fail that can fail, and compares in the end
// what the hooks were told with what really happened. A seed that fails is
// repeated with -simulations=1 -simulation-seed=N.
func TestNothingIsLostInventedOrOutOfOrderWhateverFails(t *testing.T) {
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
	for _, fault := range slices.Sorted(maps.Keys(met)) {
		t.Logf("%6d × %s", met[fault], fault)
	}
	require.NotZero(t, met[putOff])
	if *simulations >= 100 {
		require.NotZero(t, met[leftOut])
		for _, f := range faults {
			require.NotZero(t, met[f.name], "the fault %q was never met", f.name)
		}
	}
}

// simulation is one random history of a platform and of a process that follows
// it.
type simulation struct {
	t      *testing.T
	random *rand.Rand
	server *genesystest.Server
	store  *crashing
	topics []string
	met    map[string]int
	undo   []func() // of faults that last

	// Three kinds of histories: of one process; of one whose poller does nothing
	// but repair, so that the socket and its gaps must do; of two processes.
	onlyRepair bool
	processes  []*process
	scatters   bool       // each message reaches any of the processes
	repeats    bool       // and some of the others, too
	scatter    *rand.Rand // which; under mu
	begun      []*genesystest.Playing

	down atomic.Bool // the system that a Before hook needs

	mu        sync.Mutex
	asked     map[string]int              // how often a hook was asked whether to track the conversation
	told      map[string][]*events.Header // by conversation, in the order of the hook's calls
	forgotten map[string]int              // how much had been told of it then
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	random := rand.New(rand.NewPCG(seed, 0xfa17))
	s := &simulation{
		t: t, random: random, scatter: rand.New(rand.NewPCG(seed, 0x5ca7)), met: map[string]int{}, told: map[string][]*events.Header{}, forgotten: map[string]int{}, asked: map[string]int{},
		store: &crashing{Store: memstore.New()}, onlyRepair: seed%3 == 0,
	}
	lag := time.Duration(random.IntN(60)) * time.Second
	if s.onlyRepair {
		lag = 0 // what a record does not show yet when a gap is repaired nobody would look for again
	}
	s.server = genesystest.NewServer(t, genesystest.InMemory(), genesystest.Seed(seed), genesystest.AnalyticsLag(lag))
	for _, topic := range everybodysTopics() {
		if s.onlyRepair || random.IntN(4) > 0 { // the others are for polling to find
			s.topics = append(s.topics, topic)
		}
	}
	s.processes = []*process{{name: "one"}}
	if seed%3 == 1 {
		s.processes = append(s.processes, &process{name: "two"})
		s.repeats = random.IntN(2) == 0
		if s.scatters = s.repeats || random.IntN(2) == 0; s.scatters {
			s.processes = append(s.processes, &process{name: "three"})
		}
	}
	return s
}

// process is one that follows the platform.
type process struct {
	name    string
	life    *life
	tracker *convtrack.Tracker
	stop    func(crash bool)
}

// scattered is a source what it hears of reaches any of the processes, as from a
// queue or behind a load balancer, and in some histories others of them, too.
type scattered struct {
	convtrack.Source
	convtrack.Repairer
	s *simulation
}

// Run implements convtrack.Source.
func (x scattered) Run(ctx context.Context, sink conversation.Sink) error {
	return x.Source.Run(ctx, func(ctx context.Context, u conversation.Update) error {
		if tracker, others := x.s.anybody(); tracker != nil && u.Gap == nil {
			for _, other := range others {
				go func() { _ = other.Observe(ctx, u) }()
			}
			if err := tracker.Observe(ctx, u); err == nil {
				return nil
			}
		}
		return sink(ctx, u)
	})
}

// String implements fmt.Stringer.
func (x scattered) String() string { return fmt.Sprint(x.Source) }

// anybody returns one of the trackers that run, which must store what it hears,
// and those that hear it besides; nil when only one runs.
func (s *simulation) anybody() (one *convtrack.Tracker, others []*convtrack.Tracker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*convtrack.Tracker
	for _, p := range s.processes {
		if p.tracker != nil {
			all = append(all, p.tracker)
		}
	}
	if len(all) < 2 {
		return nil, nil
	}
	s.scatter.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	if s.repeats && s.scatter.IntN(20) > 0 {
		others = all[1:]
	}
	return all[0], others
}

// everybodysTopics are the topics of all users and queues of the scenarios.
func everybodysTopics() []string {
	topics := map[string]bool{}
	for _, scenario := range genesystest.Scenarios() {
		for _, l := range scenario.Story().Legs {
			if l.User != "" {
				topics[notifications.UserTopics(l.User)[0]] = true
			}
			if l.Queue != "" {
				topics[notifications.QueueTopics(l.Queue)[0]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(topics))
}

// run plays, fails, heals and judges.
func (s *simulation) run() {
	for _, p := range s.processes {
		s.start(p)
		s.t.Cleanup(func() { p.stop(false) })
	}
	s.play(4 + s.random.IntN(5))
	for end := time.Now().Add(15 * time.Minute); time.Now().Before(end); {
		f := faults[s.random.IntN(len(faults))]
		if s.onlyRepair && f.unnoticed {
			continue
		}
		s.meet(f.name)
		s.t.Logf("%s: %s", time.Now().Format(time.TimeOnly), f.name)
		f.happens(s)
		time.Sleep(time.Duration(5+s.random.IntN(90)) * time.Second)
	}
	s.heal()
	for _, p := range s.begun {
		require.NoError(s.t, p.Wait(s.t.Context()))
	}
	time.Sleep(25 * time.Minute)
	synctest.Wait()
	s.judge()
}

// start starts a process: a tracker with both sources.
func (s *simulation) start(p *process) {
	log := slog.New(slog.NewTextHandler(s.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	life := s.store.live()
	hooks := events.NewHooks()
	events.After(hooks, "record", func(ctx context.Context, e events.Event) error {
		if life.over.Load() {
			return errCrashed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		id := e.Head().ConversationID
		s.told[id] = append(s.told[id], e.Head())
		return nil
	})
	events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error { return s.decide(e) })
	events.Before(hooks, "link", func(context.Context, *events.AgentConnected) error {
		if s.down.Load() {
			return errors.New("the case system is down")
		}
		return nil
	})
	small := 2 + s.random.IntN(30) // most records are packed, some go
	tracker, err := convtrack.New(life, &convtrack.Config{Hooks: hooks, Logger: log, StoreAttempts: 3, Instance: p.name, CacheSize: small})
	require.NoError(s.t, err)
	socket, err := notifications.New(notifications.Config{API: s.server.API(), Topics: s.topics, Tracked: tracker, DialContext: s.server.DialContext, Logger: log})
	require.NoError(s.t, err)
	how := polling.Config{API: s.server.API(), Tracked: tracker, Logger: log, Overlap: 3 * time.Minute, LateAfter: []time.Duration{15 * time.Minute}, JobsEvery: 20 * time.Minute}
	if s.onlyRepair {
		const never = 24 * time.Hour
		how.DiscoverEvery, how.FollowEvery, how.FollowBeside, how.FollowLeast, how.JobsEvery, how.LateAfter = never, never, never, never, -1, []time.Duration{}
	}
	poller, err := polling.New(how)
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	sources := []convtrack.Source{socket, poller}
	if s.scatters {
		sources = []convtrack.Source{scattered{socket, nobody{}, s}, scattered{poller, poller, s}}
	}
	go func() { ended <- tracker.Run(ctx, sources...) }()
	synctest.Wait() // it has begun
	s.runs(p, life, tracker)
	p.stop = func(crash bool) {
		if crash {
			life.crash()
		}
		s.runs(p, life, nil)
		cancel()
		require.NoError(s.t, <-ended)
	}
}

// decide is a hook that cannot decide on every other conversation at first, and on
// some not before it must.
func (s *simulation) decide(e *events.ConversationCreated) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked[e.ConversationID]
	s.asked[e.ConversationID]++
	if patience := int(crc32.ChecksumIEEE([]byte(e.ConversationID)) % 8); !e.MustDecide && (patience == 7 || patience >= 4 && asked < patience-3) {
		s.met[putOff]++
		return events.NotYet("not enough is known")
	}
	return nil
}

// What is counted beside the faults.
const (
	putOff  = "a hook that cannot decide yet"
	leftOut = "a message that was left out because the owner had stored it"
)

// meet counts a fault.
func (s *simulation) meet(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[fault]++
}

// nobody repairs nothing.
type nobody struct{}

// Repair implements convtrack.Repairer.
func (nobody) Repair(conversation.Gap) {}

// runs says which tracker runs in the process.
func (s *simulation) runs(p *process, l *life, tracker *convtrack.Tracker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.life, p.tracker = l, tracker
}

// play has n random conversations begin in the next ten minutes.
func (s *simulation) play(n int) {
	all := slices.DeleteFunc(genesystest.Scenarios(), func(sc genesystest.Scenario) bool {
		moments := sc.Story().Moments()
		return len(moments) == 0 || moments[len(moments)-1] > 30*time.Minute
	})
	for range n {
		story := all[s.random.IntN(len(all))].Story().Fresh(s.random)
		time.AfterFunc(time.Duration(s.random.IntN(600))*time.Second, func() {
			p := s.server.Play(story)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.begun = append(s.begun, p)
		})
	}
}

// lasts has a fault go on for a while.
func (s *simulation) lasts(undo func()) {
	undo = sync.OnceFunc(undo)
	s.undo = append(s.undo, undo)
	time.AfterFunc(time.Duration(1+s.random.IntN(180))*time.Second, undo)
}

func (s *simulation) heal() {
	for _, undo := range s.undo {
		undo()
	}
}

// fault is something that fails.
type fault struct {
	name      string
	happens   func(*simulation)
	unnoticed bool // by somebody who only listens
}

func frames(name string, f genesystest.FrameFaults) fault {
	return fault{name: name, unnoticed: f.Drop > 0, happens: func(s *simulation) {
		s.server.Faults().Frames(f)
		s.lasts(func() { s.server.Faults().Frames(genesystest.FrameFaults{}) })
	}}
}

func requests(name string, f genesystest.RequestFault) fault {
	return fault{name: name, happens: func(s *simulation) { s.lasts(s.server.Faults().Requests(f)) }}
}

var faults = []fault{
	frames("frames are dropped", genesystest.FrameFaults{Drop: 0.5}),
	frames("frames come twice", genesystest.FrameFaults{Duplicate: 0.5}),
	frames("frames come out of order", genesystest.FrameFaults{Reorder: 0.5, Jitter: 20 * time.Second}),
	frames("frames are late", genesystest.FrameFaults{Delay: 15 * time.Second}),
	{name: "a silent socket", happens: func(s *simulation) { s.server.Faults().SilenceSockets() }},
	{name: "an abrupt close", happens: func(s *simulation) { s.server.Faults().CutSockets() }},
	{name: "a close with 1001", happens: func(s *simulation) { s.server.Faults().CloseSockets(1001, "going away") }},
	{name: "a closing notice", happens: func(s *simulation) { s.server.Faults().AnnounceClosing(time.Minute) }},
	{name: "an evicted channel", happens: func(s *simulation) { s.server.Faults().EvictChannels() }},
	{name: "an expired channel", happens: func(s *simulation) { s.server.Faults().ExpireChannels() }},
	{name: "a revoked token", happens: func(s *simulation) { s.server.Faults().RevokeTokens(s.random.IntN(2) == 0) }},
	requests("a storm of 429", genesystest.RequestFault{Status: http.StatusTooManyRequests, RetryAfter: 20 * time.Second, Chance: 0.7}),
	requests("5xx", genesystest.RequestFault{Status: http.StatusServiceUnavailable, Chance: 0.6}),
	requests("lost answers", genesystest.RequestFault{Cut: true, Chance: 0.5}),
	requests("slow answers", genesystest.RequestFault{Delay: 20 * time.Second, Chance: 0.7}),
	requests("no answers", genesystest.RequestFault{Hang: true, Chance: 0.5}),
	requests("a login host that is down", genesystest.RequestFault{
		Match: func(_, path string) bool { return strings.HasSuffix(path, "/oauth/token") }, Status: http.StatusBadGateway,
	}),
	{name: "pages that repeat", happens: func(s *simulation) {
		s.server.Faults().DuplicatePages(true)
		s.lasts(func() { s.server.Faults().DuplicatePages(false) })
	}},
	{name: "a failing job", happens: func(s *simulation) { s.server.Faults().FailJobs(1) }},
	{name: "a restart", happens: func(s *simulation) { s.restart(false) }},
	{name: "a crash", happens: func(s *simulation) { s.restart(true) }},
	{name: "a crash right after a deposit", happens: func(s *simulation) {
		p := s.processes[s.random.IntN(len(s.processes))]
		p.life.diesAfterDeposit.Store(true)
		time.Sleep(time.Duration(s.random.IntN(120)) * time.Second)
		s.replace(p, true)
	}},
	{name: "a crash right after a commit", happens: func(s *simulation) {
		p := s.processes[s.random.IntN(len(s.processes))]
		p.life.diesAfterCommit.Store(true)
		time.Sleep(time.Duration(s.random.IntN(120)) * time.Second)
		s.replace(p, true)
	}},
	{name: "messages between processes are lost", happens: func(s *simulation) {
		l := s.processes[s.random.IntN(len(s.processes))].life
		l.unheard.Store(true)
		s.lasts(func() { l.unheard.Store(false) })
	}},
	{name: "a Before hook that fails", happens: func(s *simulation) {
		s.down.Store(true)
		s.lasts(func() { s.down.Store(false) })
	}},
	{name: "a lease that is lost", happens: func(s *simulation) {
		l := s.processes[s.random.IntN(len(s.processes))].life
		l.unseen.Store(true)
		s.lasts(func() { l.unseen.Store(false) })
	}},
	{name: "a conversation is forgotten", happens: func(s *simulation) { s.forget() }},
}

// restart ends a process, and starts another one in its place after a while.
func (s *simulation) restart(crash bool) {
	s.replace(s.processes[s.random.IntN(len(s.processes))], crash)
}

func (s *simulation) replace(p *process, crash bool) {
	p.stop(crash)
	time.Sleep(time.Duration(s.random.IntN(120)) * time.Second)
	s.start(p)
}

// judge compares what the hook was told with what really happened.
func (s *simulation) judge() {
	for item, err := range s.processes[0].tracker.Failed(s.t.Context(), store.FailedQuery{}) {
		require.NoError(s.t, err)
		require.Fail(s.t, "a refused change has not healed", "%s", item.ID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.processes {
		s.met[leftOut] += int(p.tracker.Stats().Duplicates)
	}
	truths := s.server.Truth()
	known := map[string]bool{}
	for _, truth := range truths {
		known[truth.Story.ID] = true
		if before, forgotten := s.forgotten[truth.Story.ID]; forgotten {
			s.judgeForgotten(truth.Story.ID, before)
			continue
		}
		if s.onlyRepair && !audible(truth.Story) {
			continue
		}
		s.judgeOne(truth)
	}
	for id := range s.told {
		require.True(s.t, known[id], "events of a conversation that does not exist: %s", id)
	}
}

// processEnded reports whether a process has ended before its time: what its hooks
// did just before may come again.
func (s *simulation) processEnded() bool {
	return s.met["a restart"]+s.met["a crash"]+s.met["a crash right after a deposit"]+s.met["a crash right after a commit"] > 0
}

// audible reports whether anybody is in the conversation whose topic tells of it.
func audible(story *genesystest.Story) bool {
	return slices.ContainsFunc(story.Legs, func(l *genesystest.Leg) bool { return l.User != "" || l.Queue != "" })
}

func (s *simulation) judgeOne(truth genesystest.Truth) {
	id := truth.Story.ID
	told := s.told[id]
	seq := map[string]int64{}
	if len(told) > 0 {
		logged, err := s.store.Events(s.t.Context(), id)
		require.NoError(s.t, err)
		for _, e := range logged {
			seq[e.ID] = e.Seq
			require.Empty(s.t, e.Deliveries, "%s: %s is not delivered", id, e.Type)
		}
	}
	steps, seen := 0, map[string]*events.Header{}
	last := int64(0)
	for _, h := range told {
		if seq[h.ID] <= last {
			require.NotNil(s.t, seen[h.ID], "%s: %s comes too late", id, h.Type)
			steps++
		}
		seen[h.ID], last = h, max(last, seq[h.ID])
	}
	if !s.processEnded() {
		require.Zero(s.t, steps, "%s: something is repeated although no process ended", id)
	}

	record := understood(s.t, truth.Record)
	everything := append(truth.Story.Snapshots(), truth.Record)
	everything = append(everything, truth.Story.Bodies()...)
	must, may := derived(record), derived(understood(s.t, everything...))
	count := map[events.Type]int{}
	for eventID, h := range seen {
		count[h.Type]++
		switch h.Type {
		case events.TypeConversationEnded, events.TypeConversationReopened:
		case events.TypeEvaluationReleased: // its id says when, which the quality API knows
			require.NotEmpty(s.t, truth.Story.Evaluations, "%s: invented %s", id, h.Type)
		default:
			require.Contains(s.t, may, eventID, "%s: invented %s", id, h.Type)
		}
	}
	for eventID, e := range must {
		switch t := e.Head().Type; {
		case t == events.TypeConversationEnded, t == events.TypeConversationReopened:
		case e.Head().Time.After(time.Now()): // the record tells the future
		case s.onlyRepair && t == events.TypeSurveyCompleted: // records tell it, and they are read after gaps alone
		case t == events.TypeEvaluationReleased:
			require.NotZero(s.t, count[t], "%s: lost %s", id, t)
		default:
			require.Contains(s.t, seen, eventID, "%s, begun at %v: lost %s", id, truth.Story.Start, t)
		}
	}
	ends := count[events.TypeConversationEnded] - count[events.TypeConversationReopened]
	want := 0
	if record.Status == conversation.StatusEnded {
		want = 1
	}
	require.Equal(s.t, want, ends, "%s: ends that no reopening followed", id)
}

// understood joins what messages say.
func understood(t *testing.T, messages ...[]byte) *conversation.Conversation {
	var c *conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		for _, part := range m.Conversations {
			c = conversation.Merge(c, part)
		}
	}
	return c
}

func derived(c *conversation.Conversation) map[string]events.Event {
	list := map[string]events.Event{}
	for _, e := range events.Derive(c) {
		list[e.Head().ID] = e
	}
	return list
}

// crashing is a store that outlives the processes that use it.
type crashing struct{ store.Store }

// live returns the store as one process sees it.
func (c *crashing) live() *life { return &life{Store: c.Store} }

// life is a process's connection to a store. When the process crashes nothing
// reaches the store any more.
type life struct {
	store.Store
	over             atomic.Bool
	diesAfterDeposit atomic.Bool
	diesAfterCommit  atomic.Bool
	unseen           atomic.Bool // its signs of life do not reach the store
	unheard          atomic.Bool // nor its messages the other processes
}

func (l *life) crash() { l.over.Store(true) }

var errCrashed = errors.New("the process is dead")

func guarded[T any](l *life, do func() (T, error)) (T, error) {
	if l.over.Load() {
		var none T
		return none, errCrashed
	}
	return do()
}

func (l *life) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	return guarded(l, func() ([]store.Record, error) { return l.Store.Load(ctx, ids...) })
}

func (l *life) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if l.over.Load() {
		return store.Committed{}, errCrashed
	}
	done, err := l.Store.Commit(ctx, b)
	if len(b.Changes) > 0 && l.diesAfterCommit.Load() {
		l.crash()
		return store.Committed{}, errCrashed
	}
	return done, err
}

func (l *life) Broadcast(ctx context.Context, message []byte) error {
	if l.over.Load() || l.unheard.Load() {
		return errCrashed
	}
	return l.Store.(store.Broadcaster).Broadcast(ctx, message)
}

func (l *life) Listen(ctx context.Context, hear func(message []byte)) error {
	return l.Store.(store.Broadcaster).Listen(ctx, hear)
}

func (l *life) Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error) {
	if l.over.Load() {
		return nil, time.Time{}, errCrashed
	}
	return l.Store.Claim(ctx, c)
}

func (l *life) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if l.over.Load() || l.unseen.Load() {
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

func (l *life) Deposit(ctx context.Context, entries []store.Entry) error {
	if l.over.Load() {
		return errCrashed
	}
	err := l.Store.Deposit(ctx, entries)
	if l.diesAfterDeposit.Load() {
		l.crash()
		return errCrashed
	}
	return err
}

func (l *life) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	return guarded(l, func() ([]store.Entry, error) { return l.Store.Inbox(ctx, q) })
}

func (l *life) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if name == "convtrack/members" && l.unseen.Load() {
		return 0, errCrashed
	}
	return guarded(l, func() (int64, error) { return l.Store.SetValue(ctx, name, value, version) })
}
