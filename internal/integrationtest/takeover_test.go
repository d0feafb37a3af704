package integrationtest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
	"github.com/dcmkit/convtrack/storetest"
)

// mortal is a store as a process sees it that is killed: from then on it reaches
// nothing.
type mortal struct {
	store.Store
	dead atomic.Bool
}

var errKilled = errors.New("this process was killed")

func (m *mortal) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if m.dead.Load() {
		return store.Committed{}, errKilled
	}
	return m.Store.Commit(ctx, b)
}

func (m *mortal) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if m.dead.Load() {
		return nil, time.Time{}, errKilled
	}
	return m.Store.Claim(ctx, c)
}

func (m *mortal) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if m.dead.Load() {
		return errKilled
	}
	return m.Store.Renew(ctx, owner, lease, held)
}

func (m *mortal) Release(ctx context.Context, owner string) error {
	if m.dead.Load() {
		return errKilled
	}
	return m.Store.Release(ctx, owner)
}

// storesToTakeOver opens each kind of store, as often as it is asked to.
func storesToTakeOver(t *testing.T) map[string]func() store.Store {
	memory, file, target := memstore.New(), filepath.Join(t.TempDir(), "store.db"), postgres(t)
	opened := func(s store.Store, err error) store.Store {
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	return map[string]func() store.Store{
		"memory":   func() store.Store { return memory },
		"sqlite":   func() store.Store { return opened(sqlitestore.Open(context.Background(), file, nil)) },
		"postgres": func() store.Store { return opened(openPostgres(context.Background(), target)) },
	}
}

// leaseToEnd is so long that what goes on with one delivery for each lease takes
// far longer than allowedLeases of it, also where all else is slow.
const (
	leaseToEnd    = 4 * time.Second
	allowedLeases = 5
)

// notes are what hooks were told of, by conversation.
type notes struct {
	mu   sync.Mutex
	told map[string][]string
}

func (n *notes) hooks(t *testing.T) *events.Hooks {
	hooks := events.NewHooks()
	n.told = map[string][]string{}
	events.After(hooks, "notes", func(_ context.Context, e events.Event) error {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told[e.Head().ConversationID] = append(n.told[e.Head().ConversationID], e.Head().ID)
		return nil
	})
	return hooks
}

// requireAll waits until the hook was told of all events of the conversations, in
// their order, and requires that this did not take one lease after the other.
func (n *notes) requireAll(t *testing.T, s store.Store, ids []string) {
	began := time.Now()
	all := map[string][]string{}
	for _, id := range ids {
		logged, err := s.Events(t.Context(), id)
		require.NoError(t, err)
		for _, e := range logged {
			all[id] = append(all[id], e.ID)
		}
		require.Greater(t, len(all[id]), allowedLeases, "too few to tell whether one takes a lease")
	}
	require.Eventually(t, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for id := range all {
			if len(n.told[id]) < len(all[id]) {
				return false
			}
		}
		return true
	}, time.Minute, 20*time.Millisecond)
	took := time.Since(began)
	n.mu.Lock()
	defer n.mu.Unlock()
	require.Equal(t, all, n.told)
	require.Less(t, took, allowedLeases*leaseToEnd)
	t.Logf("%d deliveries of each of %d conversations were taken over %v after what held them was gone", len(all[ids[0]]), len(ids), took.Round(10*time.Millisecond))
}

// wholeCalls are conversations, all of each in one message.
func wholeCalls(t *testing.T, n int) (ids []string, calls []conversation.Update) {
	for i := range n {
		story := genesystest.BlindTransferToQueue()
		snapshots := story.Snapshots()
		call := decode(t, snapshots[len(snapshots)-1])
		id := fmt.Sprint("call-", i)
		for _, c := range call {
			c.ID = id
		}
		ids, calls = append(ids, id), append(calls, conversation.Update{Conversations: call})
	}
	return ids, calls
}

func TestWhatADeadProcessHeldIsTakenOverWithinTheLeaseHoweverMuchItIs(t *testing.T) {
	for name, open := range storesToTakeOver(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, calls := wholeCalls(t, 5)
			first := &mortal{Store: open()}
			hooks := events.NewHooks()
			events.After(hooks, "notes", func(ctx context.Context, _ events.Event) error {
				<-ctx.Done()
				return ctx.Err()
			}, events.Timeout(time.Hour))
			dying, err := convtrack.New(first, &convtrack.Config{Hooks: hooks, Logger: quiet, Lease: leaseToEnd, DrainTimeout: time.Second})
			require.NoError(t, err)
			defer run(t, dying)()
			for _, call := range calls {
				require.NoError(t, dying.Observe(t.Context(), call))
				time.Sleep(leaseToEnd / 20) // their leases end one after the other
			}
			first.dead.Store(true)

			second := open()
			n := &notes{}
			heir, err := convtrack.New(second, &convtrack.Config{Hooks: n.hooks(t), Logger: quiet, Lease: leaseToEnd})
			require.NoError(t, err)
			defer run(t, heir)()
			n.requireAll(t, second, ids)
		})
	}
}

func TestWhatAProcessHoldsWithoutKnowingItIsDeliveredWithinTheLeaseHoweverMuchItIs(t *testing.T) {
	for name, open := range storesToTakeOver(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, calls := wholeCalls(t, 1)
			s := open()
			n := &notes{}
			tracker, err := convtrack.New(storetest.Faulty(s, storetest.Fault{Method: "Commit", Nth: 1, Times: 1, Late: true}),
				&convtrack.Config{Hooks: n.hooks(t), Logger: quiet, Lease: leaseToEnd})
			require.NoError(t, err)
			defer run(t, tracker)()
			require.NoError(t, tracker.Observe(t.Context(), calls[0]))
			n.requireAll(t, s, ids)
		})
	}
}
