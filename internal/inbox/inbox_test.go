package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

const lease = 15 * time.Second

var errStopped = errors.New("stopped")

// members are processes of which each conversation has one.
type members struct {
	mu      sync.Mutex
	names   []string
	owner   func(id string) string
	changed chan struct{}
}

func newMembers(owner func(id string) string, names ...string) *members {
	return &members{names: names, owner: owner, changed: make(chan struct{})}
}

func (m *members) Owner(_, id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owner(id)
}

func (m *members) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names
}

func (m *members) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *members) set(owner func(id string) string, names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owner, m.names = owner, names
	close(m.changed)
	m.changed = make(chan struct{})
}

func always(name string) func(string) string { return func(string) string { return name } }

// storeOf is a memory store that also notes failures.
type storeOf struct {
	*memstore.Store
	mu       sync.Mutex
	failed   int
	deposits int
	down     error // of deposits
	refuse   func(store.Entry) bool
	unread   error         // of reads
	behind   time.Duration // how late the clock of the process is that deposits through it
}

func (s *storeOf) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	s.mu.Lock()
	unread := s.unread
	s.mu.Unlock()
	if unread != nil {
		return nil, unread
	}
	return s.Store.Inbox(ctx, q)
}

func (s *storeOf) breakReads(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = err
}

func (s *storeOf) Failed(string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed++
}

func (s *storeOf) Deposit(ctx context.Context, entries []store.Entry) error {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	s.mu.Lock()
	s.deposits++
	s.mu.Unlock()
	if down != nil {
		return down
	}
	if s.refuse != nil && slices.ContainsFunc(entries, s.refuse) {
		return errors.New("a row that the database refuses")
	}
	for i := range entries {
		entries[i].At = entries[i].At.Add(-s.behind)
	}
	return s.Store.Deposit(ctx, entries)
}

// lanes take what is offered, when there is room, and store it.
type lanes struct {
	store *storeOf
	mu    sync.Mutex
	full  bool
	fail  error
	room  int // for how many at a time, each for a millisecond; 0: it has no bounds
	taken int
	got   []*conversation.Conversation
}

func (l *lanes) Reload(string) error { return nil }

func (l *lanes) Offer(c *conversation.Conversation, done func(error)) bool {
	l.mu.Lock()
	full, fail := l.full || l.room > 0 && l.taken == l.room, l.fail
	if !full && fail == nil {
		l.got = append(l.got, c)
	}
	if !full {
		l.taken++
	}
	l.mu.Unlock()
	if full {
		return false
	}
	go func() {
		if l.room > 0 {
			time.Sleep(time.Millisecond)
		}
		l.mu.Lock()
		l.taken--
		l.mu.Unlock()
		done(fail)
	}()
	return true
}

func (l *lanes) set(full bool, fail error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full, l.fail = full, fail
}

func (l *lanes) ids() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.got {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

// rig is an inbox that runs.
type rig struct {
	*Inbox
	mu      sync.Mutex
	letGo   []map[string]bool
	decided int
	lanes   *lanes
	store   *storeOf
	stop    func()
}

func run(t *testing.T, s *storeOf, m *members, name string) *rig {
	t.Helper()
	r := &rig{lanes: &lanes{store: s}, store: s}
	r.Inbox = New(Config{Store: s, Commits: s, Members: m, Lanes: r.lanes, Name: name, Attempts: 2, Lease: lease, Log: slog.New(slog.DiscardHandler),
		LetGo: func(_ context.Context, digests map[string]bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.letGo = append(r.letGo, digests)
		},
		Decided: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.decided++
		}})
	ctx, cancel := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	loops.Go(func() { r.AwaitLoop(ctx) })
	loops.Go(func() { r.MembersLoop(ctx) })
	loops.Go(func() { r.TakeLoop(ctx) })
	loops.Go(func() { r.DepositLoop(ctx, errStopped) })
	loops.Go(func() { r.RemoveLoop(ctx) })
	r.stop = func() { cancel(); loops.Wait() }
	t.Cleanup(r.stop)
	return r
}

func newStore() *storeOf { return &storeOf{Store: memstore.New()} }

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func heard(id, tag string, seen time.Time) *conversation.Conversation {
	return conversation.State(&conversation.Conversation{ID: id, ExternalTag: tag, Participants: []*conversation.Participant{{ID: "p",
		Sessions: []*conversation.Session{{ID: "s", State: conversation.StateConnected}}}}}, conversation.Statement{By: conversation.SourceTopic, Seen: seen})
}

// told returns what the process was told to let go of.
func (r *rig) told() []map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.letGo)
}

// pass passes on what was heard of a conversation.
func (r *rig) pass(t *testing.T, id, owner string) {
	t.Helper()
	require.NoError(t, r.Pass(t.Context(), []Heard{{owner, heard(id, "tag", at)}}))
}

func (r *rig) left(t *testing.T, owner string) []store.Entry {
	entries, err := r.store.Inbox(t.Context(), store.InboxQuery{Owner: owner, Alive: []string{"a", "b", "c"}, Limit: 1000})
	require.NoError(t, err)
	return entries
}

func TestWhatIsHeardAwayFromHomeReachesTheOwnerAtOnceAndIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		began := time.Now()
		for i := range 20 {
			a.pass(t, fmt.Sprint("c", i), "b")
		}
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		require.Less(t, time.Since(began), 100*time.Millisecond)
		require.Len(t, b.lanes.ids(), 20)
		require.Empty(t, a.lanes.ids())
		time.Sleep(removeWithin)
		synctest.Wait()
		require.Empty(t, b.left(t, "b"), "what is used up is removed, also when no commit takes it along")
		require.Equal(t, "tag", b.lanes.got[0].ExternalTag)
	})
}

func TestTheInboxOfADeadProcessIsTakenByThoseWhoLookAfterItsConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		m := newMembers(always("dead"), "a", "b", "dead")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		for i := range 10 {
			a.pass(t, fmt.Sprint("c", i), "dead")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, a.lanes.ids())
		m.set(func(id string) string {
			if id < "c5" {
				return "a"
			}
			return "b"
		}, "a", "b")
		time.Sleep(100 * time.Millisecond) // what one takes for the other is passed on, and left to gather on the way
		synctest.Wait()
		require.Equal(t, []string{"c0", "c1", "c2", "c3", "c4"}, a.lanes.ids())
		require.Equal(t, []string{"c5", "c6", "c7", "c8", "c9"}, b.lanes.ids())
	})
}

func TestWhatCannotBeTakenNowIsTakenLaterAndHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		b.lanes.set(true, nil)
		require.NoError(t, s.Deposit(t.Context(), []store.Entry{{Key: "odd", Owner: "b", At: at, Data: []byte{99}}}))
		a.pass(t, "c", "b")
		time.Sleep(time.Second)
		require.Empty(t, b.lanes.ids())
		b.lanes.set(false, errors.New("the store refuses"))
		time.Sleep(5 * time.Second)
		require.Len(t, b.left(t, "b"), 2, "nothing is lost")
		b.lanes.set(false, nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c"}, b.lanes.ids())
		require.Len(t, b.left(t, "b"), 1, "for a process that can read it")
	})
}

func TestABundleThatIsLargerThanTheRoomIsTakenInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a, b := run(t, s, m, "a"), run(t, s, m, "b")
		b.lanes.room = 4
		var all []Heard
		for i := range 10 {
			all = append(all, Heard{"b", heard(fmt.Sprint("c", i/2), fmt.Sprint("tag", i), at)})
		}
		require.NoError(t, a.Pass(t.Context(), all))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"c0", "c0", "c1", "c1", "c2", "c2", "c3", "c3", "c4", "c4"}, b.lanes.ids(), "and nothing twice")
		require.Empty(t, b.left(t, "b"))
		require.Empty(t, b.unfinished.bundles)
	})
}

func TestAnInboxThatCannotBeReadIsNotAskedForAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		a := run(t, s, m, "a")
		a.pass(t, "c", "b")
		s.breakReads(errors.New("down"))
		run(t, s, m, "b")
		time.Sleep(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		require.LessOrEqual(t, s.failed, 150, "once a second by each of two")
	})
}

func TestADepositThatTheStoreDoesNotTakeIsAnErrorAndAfterTheEndItIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		s.down = errors.New("down")
		b := New(Config{Store: s, Commits: s, Members: m, Name: "a", Attempts: 2, Lease: lease, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { b.DepositLoop(ctx, errStopped); close(over) }()
		list := []Heard{{"b", heard("c", "tag", at)}}
		require.ErrorIs(t, b.Pass(t.Context(), list), s.down)
		cancel()
		<-over
		require.ErrorIs(t, b.Pass(t.Context(), list), errStopped)
	})
}

// TestWhatNobodyWaitsForAnyMoreTakesBoundedMemoryWhileTheStoreHangs: who was told to
// come again does.
func TestWhatNobodyWaitsForAnyMoreTakesBoundedMemoryWhileTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newStore(), newMembers(always("b"), "a", "b")
		b := New(Config{Store: s, Commits: s, Members: m, Name: "a", Attempts: 2, Lease: lease, Log: slog.New(slog.DiscardHandler)})
		for range 3 * mostAtOnce { // no DepositLoop runs, as if its write hung
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			require.ErrorIs(t, b.Hint(ctx, hint("c")), context.DeadlineExceeded)
			cancel()
		}
		require.Len(t, b.deposits.waiting, mostAtOnce)
		ctx, cancel := context.WithCancel(t.Context())
		var loop sync.WaitGroup
		loop.Go(func() { b.DepositLoop(ctx, errStopped) })
		synctest.Wait()
		require.Empty(t, b.deposits.waiting)
		require.Equal(t, 1, s.deposits, "what waits is written all the same: its caller may not come again")
		cancel()
		loop.Wait()
	})
}

func TestADepositThatTheStoreRefusesHoldsUpNoOther(t *testing.T) {
	for _, refused := range [][]int{{0}, {99}, {0, 1, 50, 99}} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				s.refuse = func(e store.Entry) bool {
					return slices.ContainsFunc(refused, func(i int) bool { return e.ConversationID == fmt.Sprint("c", i) })
				}
				b := New(Config{Store: s, Commits: s, Members: newMembers(always("b"), "a", "b"), Name: "a", Attempts: 8, Lease: lease, Log: slog.New(slog.DiscardHandler)})
				failed := make(map[int]error)
				var mu sync.Mutex
				var callers sync.WaitGroup
				for i := range 100 {
					callers.Go(func() {
						var err error
						if i%3 == 1 && !slices.Contains(refused, i) {
							err = b.Pass(t.Context(), []Heard{{"b", heard(fmt.Sprint("c", i), "tag", at)}})
						} else {
							err = b.Hint(t.Context(), []conversation.Hint{{ConversationID: fmt.Sprint("c", i)}})
						}
						mu.Lock()
						defer mu.Unlock()
						failed[i] = err
					})
				}
				synctest.Wait() // so that all go with one write
				ctx, cancel := context.WithCancel(t.Context())
				var loop sync.WaitGroup
				loop.Go(func() { b.DepositLoop(ctx, errStopped) })
				began := time.Now()
				callers.Wait()
				for i, err := range failed {
					if slices.Contains(refused, i) {
						require.ErrorContains(t, err, "refuses", i)
					} else {
						require.NoError(t, err, i)
					}
				}
				require.Less(t, time.Since(began), time.Second, "the store works: nobody waits for it")
				require.LessOrEqual(t, s.deposits, 1+20*len(refused))
				cancel()
				loop.Wait()
			})
		})
	}
}
