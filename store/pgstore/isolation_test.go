package pgstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// levels are what a database, a role or a connection can have as its default.
var levels = []string{"read uncommitted", "read committed", "repeatable read", "serializable"}

// atEachLevel tries it on a store whose connections have another isolation level
// by default.
func atEachLevel(t *testing.T, holds func(t *testing.T, s opened)) {
	t.Helper()
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			holds(t, open(t, setting("default_transaction_isolation", level)))
		})
	}
}

// between begins a commit that waits for a transaction of somebody else, which it
// finds under way. What that one does last happens after the commit has begun.
func between(t *testing.T, s opened, first string, commit func(ctx context.Context) (store.Committed, error), last func(tx pgx.Tx)) store.Committed {
	t.Helper()
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = tx.Exec(t.Context(), first)
	require.NoError(t, err)
	var done store.Committed
	var failed error
	over := make(chan struct{})
	go func() {
		defer close(over)
		done, failed = commit(t.Context())
	}()
	waits := func() (is bool) {
		err := s.pool.QueryRow(t.Context(), "select exists (select from pg_stat_activity where $1::int = any (pg_blocking_pids(pid)))", int32(tx.Conn().PgConn().PID())).Scan(&is)
		return err == nil && is
	}
	require.Eventually(t, waits, time.Minute, 5*time.Millisecond, "the commit waits")
	last(tx)
	<-over
	require.NoError(t, failed)
	return done
}

func TestWhatIsForgottenWhileItIsCommittedStaysForgottenAtAnyIsolationLevel(t *testing.T) {
	t.Parallel()
	atEachLevel(t, func(t *testing.T, s opened) {
		c := conversation.Merge(nil, stated(time.Unix(1, 0), &conversation.Conversation{ID: "c"}))
		done := between(t, s, "insert into cdm_conversation (conversation_id, version, changed) values ('c', 0, now())", func(ctx context.Context) (store.Committed, error) {
			return s.Commit(ctx, store.Batch{Changes: []*store.Change{{ID: "c", To: c}}})
		}, func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), "delete from cdm_conversation where conversation_id = 'c'; insert into cdm_forgotten (digest, forgotten_at) values ('"+store.Digest("c")+"', now())")
			require.NoError(t, err)
			require.NoError(t, tx.Commit(t.Context()))
		})
		require.ErrorIs(t, done.Results[0].Err, store.ErrConflict)
		records, err := s.Load(t.Context(), "c")
		require.NoError(t, err)
		require.Equal(t, store.Record{ID: "c", Forgotten: true}, records[0])
	})
}

func TestNoDeliveryStaysBehindOneThatIsDoneAtAnyIsolationLevel(t *testing.T) {
	t.Parallel()
	atEachLevel(t, func(t *testing.T, s opened) {
		list := references(t, s, 0, 2)
		lane, other := list[0], list[1]
		commit := func(b store.Batch) {
			t.Helper()
			done, err := s.Commit(t.Context(), b)
			require.NoError(t, err)
			for _, r := range done.Results {
				require.NoError(t, r.Err)
			}
		}
		claim := func() store.Delivery {
			t.Helper()
			due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Hour, Hooks: []string{"hook"}, Limit: 10})
			require.NoError(t, err)
			require.Len(t, due, 1)
			return due[0]
		}
		commit(store.Batch{Changes: []*store.Change{logOnly(lane, lane.version, plainEvent(lane.id, 1, "hook"))}})
		first := claim()
		retry := first.Outcome("me", store.WillRetry)
		retry.Failure = store.Failure{Hook: "hook", Attempts: 1, Error: "it failed"}
		commit(store.Batch{Outcomes: []store.Outcome{retry}})
		first = claim()
		unknown := store.Outcome{Owner: "me", ConversationID: "unknown", Hook: "hook", Did: store.Released} // so all is not sent at once
		between(t, s, "select from cdm_conversation where conversation_id = '"+other.id+"' for update", func(ctx context.Context) (store.Committed, error) {
			return s.Commit(ctx, store.Batch{Changes: []*store.Change{logOnly(other, other.version)}, Outcomes: []store.Outcome{first.Outcome("me", store.Done), unknown}})
		}, func(tx pgx.Tx) {
			commit(store.Batch{Changes: []*store.Change{logOnly(lane, lane.version+1, plainEvent(lane.id, 2, "hook"))}})
			require.NoError(t, tx.Rollback(t.Context()))
		})
		require.EqualValues(t, 2, claim().Seq)
	})
}

func TestOneOfSeveralProcessesMakesTheTablesAtAnyIsolationLevel(t *testing.T) {
	t.Parallel()
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			pool := cluster.Pool(t, cluster.Schema(t), setting("default_transaction_isolation", level))
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					s, err := pgstore.New(t.Context(), pool, nil)
					if err != nil {
						t.Error(err)
						return
					}
					_ = s.Close()
				})
			}
			all.Wait()
		})
	}
}
