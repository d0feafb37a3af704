package pgstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// plainEvent is an event for the hooks; nobody claims it with its commit.
func plainEvent(id string, seq int64, hooks ...string) store.NewEvent {
	e := store.NewEvent{Event: store.Event{ID: fmt.Sprintf("%s.%d", id, seq), ConversationID: id, Seq: seq, Type: "t", Data: []byte("{}")}}
	for _, hook := range hooks {
		e.Deliveries = append(e.Deliveries, store.NewDelivery{Hook: hook})
	}
	return e
}

// logOnly is a change that adds events.
func logOnly(r *reference, version int64, events ...store.NewEvent) *store.Change {
	return &store.Change{ID: r.id, Version: version, From: r.from, To: r.from, Events: events}
}

// A hundred writers commit while workers of two processes deliver, some of
// whose deliveries fail: each delivery is done, once, and in the order of its
// conversation.
func TestNoDeliveryIsSkippedNorOvertaken(t *testing.T) {
	t.Parallel()
	const writers, perWriter = 100, 12
	schema := cluster.Schema(t)
	large := func(c *pgxpool.Config) { c.MaxConns = 25 }
	processes := []opened{openIn(t, schema, large), openIn(t, schema, large)}
	list := references(t, processes[0], 0, writers)

	var all sync.WaitGroup
	for i, r := range list {
		all.Go(func() {
			version := r.version
			for seq := int64(1); seq <= perWriter; seq++ {
				done, err := processes[i%2].Commit(t.Context(), store.Batch{Changes: []*store.Change{logOnly(r, version, plainEvent(r.id, seq, "hook"))}})
				if err != nil || done.Results[0].Err != nil {
					t.Errorf("%v %v", err, done.Results)
					return
				}
				version = done.Results[0].Version
			}
		})
	}
	var mu sync.Mutex
	next := map[string]int64{}
	var delivered atomic.Int64
	for w := range 6 {
		owner := fmt.Sprint("worker-", w)
		all.Go(func() {
			for n := 0; delivered.Load() < writers*perWriter && !t.Failed(); n++ {
				due, _, err := processes[w%2].Claim(t.Context(), store.Claim{Owner: owner, Lease: time.Minute, Hooks: []string{"hook"}, Limit: 20})
				if err != nil {
					t.Error(err)
					return
				}
				var outcomes []store.Outcome
				for i, d := range due {
					o := d.Outcome(owner, store.Done)
					if (n+i)%7 == 0 {
						o.Did = []store.Did{store.WillRetry, store.Released}[(n+i)/7%2]
						o.Failure.Attempts = d.Attempts + 1
					} else {
						mu.Lock()
						if next[d.ConversationID]++; d.Seq != next[d.ConversationID] {
							t.Errorf("event %d of %s came in place of %d", d.Seq, d.ConversationID, next[d.ConversationID])
						}
						mu.Unlock()
						delivered.Add(1)
					}
					outcomes = append(outcomes, o)
				}
				if _, err := processes[w%2].Commit(t.Context(), store.Batch{Outcomes: outcomes}); err != nil {
					t.Error(err)
					return
				}
				if len(due) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, writers*perWriter, delivered.Load())
}

// While a delivery has failed those behind it are put aside, and others are
// added; whoever skips it at the same time must bring all of them back.
func TestNothingStaysBehindADeliveryThatIsSkippedMeanwhile(t *testing.T) {
	t.Parallel()
	s := open(t)
	list := references(t, s, 0, 60)
	for _, r := range list {
		_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{logOnly(r, 1, plainEvent(r.id, 1, "hook"), plainEvent(r.id, 2, "hook"))}})
		require.NoError(t, err)
		due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Minute, Hooks: []string{"hook"}, Limit: 1})
		require.NoError(t, err)
		require.Len(t, due, 1)
		_, err = s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{due[0].Outcome("me", store.Failed)}})
		require.NoError(t, err)

		var both sync.WaitGroup
		both.Go(func() {
			_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{logOnly(r, 2, plainEvent(r.id, 3, "hook"))}})
			if err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if n, err := s.Decide(t.Context(), store.Skip, store.DeliveryID(due[0].ID, "hook")); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
		both.Wait()
		for seq := int64(2); seq <= 3; seq++ {
			due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Minute, Hooks: []string{"hook"}, Limit: 10})
			require.NoError(t, err)
			require.Len(t, due, 1, "event %d of %s", seq, r.id)
			require.Equal(t, seq, due[0].Seq)
			_, err = s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{due[0].Outcome("me", store.Done)}})
			require.NoError(t, err)
		}
	}
}

// Those who look for work must not look at what cannot be worked on.
func TestDeliveriesBehindAFailedOneArePutAside(t *testing.T) {
	s := open(t)
	r := references(t, s, 0, 1)[0]
	aside := func() (n int) {
		require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from cdm_delivery where blocked").Scan(&n))
		return n
	}
	commit := func(b store.Batch) {
		t.Helper()
		_, err := s.Commit(t.Context(), b)
		require.NoError(t, err)
	}
	claim := func() store.Delivery {
		t.Helper()
		due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Minute, Hooks: []string{"hook"}, Limit: 10})
		require.NoError(t, err)
		require.Len(t, due, 1)
		return due[0]
	}
	outcome := func(d store.Delivery, did store.Did) store.Batch {
		return store.Batch{Outcomes: []store.Outcome{d.Outcome("me", did)}}
	}
	commit(store.Batch{Changes: []*store.Change{logOnly(r, 1, plainEvent(r.id, 1, "hook"), plainEvent(r.id, 2, "hook"))}})
	first := claim()
	require.Zero(t, aside())
	commit(outcome(first, store.WillRetry))
	require.Equal(t, 1, aside())
	commit(store.Batch{Changes: []*store.Change{logOnly(r, 2, plainEvent(r.id, 3, "hook", "other"))}})
	require.Equal(t, 2, aside(), "of the other hook nothing has failed")
	commit(outcome(claim(), store.Failed))
	require.Equal(t, 2, aside())
	_, err := s.Decide(t.Context(), store.Retry, store.DeliveryID(first.ID, "hook"))
	require.NoError(t, err)
	require.Zero(t, aside())
	commit(outcome(claim(), store.Done))
	commit(outcome(claim(), store.Done))
	commit(outcome(claim(), store.Done))
	require.Zero(t, aside())
}

func TestTwoStoresMayShareADatabaseAndAPool(t *testing.T) {
	one, two := open(t), cluster.Schema(t)
	other := openOn(t, cluster.Pool(t, two), two)
	references(t, one, 0, 1)
	records, err := other.Load(t.Context(), newReference(0).id)
	require.NoError(t, err)
	require.Zero(t, records[0].Version)
}
