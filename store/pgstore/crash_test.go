package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// ledger is what a store has acknowledged: the versions of conversations, each
// of which adds a division and logs an event.
type ledger struct {
	mu       sync.Mutex
	versions map[string]int64
	failures int
}

// write adds a version to a conversation, and another if that worked, until it
// is told to stop. What fails may or may not be written.
func (l *ledger) write(ctx context.Context, s store.Store, id string, stop func() bool) {
	for n := 0; !stop(); n++ {
		records, err := s.Load(ctx, id)
		if err != nil {
			l.failed()
			continue
		}
		r := records[0]
		at := time.Date(2025, 1, 10, 9, 0, n, 0, time.UTC)
		said := conversation.State(&conversation.Conversation{ID: id, DivisionIDs: []string{fmt.Sprint("d", r.Version)}},
			conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})
		seq := r.LastSeq + 1
		c := &store.Change{ID: id, Version: r.Version, From: r.Conversation, To: conversation.Merge(r.Conversation, said), Events: []store.NewEvent{{
			Event:      store.Event{ID: fmt.Sprintf("%s.%d", id, seq), ConversationID: id, Seq: seq, Type: "t", Time: at, Data: []byte("{}")},
			Deliveries: []store.NewDelivery{{Hook: "hook"}}}}}
		done, err := s.Commit(ctx, store.Batch{Changes: []*store.Change{c}})
		if err != nil || done.Results[0].Err != nil {
			l.failed()
			continue
		}
		l.mu.Lock()
		l.versions[id] = done.Results[0].Version
		l.mu.Unlock()
	}
}

func (l *ledger) failed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures++
	time.Sleep(time.Millisecond)
}

// holds demands that all that was acknowledged is there, and nothing by half.
func (l *ledger) holds(t *testing.T, s store.Store) {
	t.Helper()
	for id, version := range l.versions {
		records, err := s.Load(t.Context(), id)
		require.NoError(t, err)
		r := records[0]
		require.GreaterOrEqual(t, r.Version, version, "version of %s", id)
		require.Len(t, r.Conversation.DivisionIDs, int(r.Version), "each version has added one")
		require.Equal(t, r.Version, r.LastSeq, "each version has logged an event")
		log, err := s.Events(t.Context(), id)
		require.NoError(t, err)
		for i, e := range log {
			require.Equal(t, int64(i+1), e.Seq)
			require.Len(t, e.Deliveries, 1)
		}
	}
}

// underFire writes to several conversations while hit is called now and then.
func underFire(t *testing.T, s store.Store, hits int, hit func()) *ledger {
	t.Helper()
	l := &ledger{versions: map[string]int64{}}
	var over atomic.Bool
	var group sync.WaitGroup
	for w := range 6 {
		group.Go(func() { l.write(t.Context(), s, fmt.Sprint("c-", w), over.Load) })
	}
	for range hits {
		time.Sleep(time.Duration(50+rand.IntN(100)) * time.Millisecond)
		hit()
	}
	time.Sleep(50 * time.Millisecond)
	over.Store(true)
	group.Wait()
	return l
}

func TestWhenConnectionsAreCutNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	s := openIn(t, schema, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["application_name"] = schema })
	cut := 0
	l := underFire(t, s, 12, func() { cut += terminate(t, schema) })
	require.Positive(t, cut)
	require.Positive(t, l.failures, "no commit was hit")
	l.holds(t, s)
}

func TestWhenTheServerRestartsUnderLoadNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	own, err := pgtest.Start("", pgtest.Unsynced())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Close()) })
	pool := own.Pool(t, own.Schema(t))
	s, err := pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	l := underFire(t, s, 2, func() { require.NoError(t, own.Restart()) })
	require.Positive(t, l.failures, "no commit was hit")
	l.holds(t, s)
}

func TestAStatementThatTakesTooLongFailsTheCommitAsAWhole(t *testing.T) {
	schema := cluster.Schema(t)
	s := openIn(t, schema)
	list := references(t, s, 0, 3)
	hasty := openIn(t, schema, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["statement_timeout"] = "5s" })

	locker, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = locker.Exec(t.Context(), "select from cdm_session where conversation_id = $1 for update", list[1].id)
	require.NoError(t, err)
	err = updateAll(t.Context(), hasty, list)
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "57014", refused.Code)
	require.NoError(t, locker.Rollback(t.Context()))

	records, err := s.Load(t.Context(), list[0].id, list[1].id, list[2].id)
	require.NoError(t, err)
	for _, r := range records {
		require.Equal(t, int64(1), r.Version)
		require.Empty(t, r.Announced)
	}
	for _, r := range list {
		r.seq = 0
	}
	require.NoError(t, updateAll(t.Context(), hasty, list), "the connection can be used again")
}

func TestDeadlocksAreTriedAgain(t *testing.T) {
	s := open(t)
	list := references(t, s, 0, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// Somebody takes the second conversation, and wants the first one when the
	// store has it.
	other, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	_, err = other.Exec(ctx, "set local deadlock_timeout = '1h'; update cdm_conversation set changed = changed where conversation_id = '"+list[1].id+"'")
	require.NoError(t, err)
	committed := make(chan error)
	go func() { committed <- updateAll(ctx, s, list) }()
	require.Eventually(t, func() bool {
		var waits bool
		require.NoError(t, s.pool.QueryRow(ctx, "select exists (select from pg_locks where not granted and relation is null or locktype = 'transactionid' and not granted)").Scan(&waits))
		return waits
	}, time.Minute, 5*time.Millisecond)
	_, err = other.Exec(ctx, "update cdm_conversation set changed = changed where conversation_id = '"+list[0].id+"'")
	require.NoError(t, err, "the server ends the store's transaction")
	require.NoError(t, other.Commit(ctx))
	require.NoError(t, <-committed)
}

func TestAnErrorOfTheServerIsReportedAsItIs(t *testing.T) {
	s := open(t)
	c := newReference(0).create()
	c.Events = []store.NewEvent{{Event: store.Event{ID: "e", Seq: 1, Type: "t", Data: []byte("no JSON")}}}
	_, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{c}})
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "pgstore: commit: ")
	require.False(t, errors.Is(err, store.ErrConflict))
}
