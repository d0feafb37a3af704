package sqlitestore

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func TestOutsideOfAHookThereIsNoTransaction(t *testing.T) {
	_, ok := Tx(t.Context())
	require.False(t, ok)
}

func TestAHookSeesWhatTheBatchHasWrittenBeforeIt(t *testing.T) {
	s := opened(t, newPath(t), nil)
	second := call("b")
	second.InTx = func(ctx context.Context, _ *store.Change) error {
		tx, ok := Tx(ctx)
		require.True(t, ok)
		var n int
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT count(*) FROM cdm_session").Scan(&n))
		require.Equal(t, 1, n)
		return nil
	}
	commit(t, s, call("a"), second)
}

// lentTo commits a batch of two new conversations, the second of which has a
// hook, and then an outcome with the same hook.
func lentTo(t *testing.T, s *Store, id string, hook func(ctx context.Context, tx *sql.Tx) error) {
	t.Helper()
	run := func(ctx context.Context) error {
		tx, ok := Tx(ctx)
		require.True(t, ok)
		return hook(ctx, tx)
	}
	second := call(id)
	second.InTx = func(ctx context.Context, _ *store.Change) error { return run(ctx) }
	second.Events = []store.NewEvent{{Event: store.Event{ID: id, ConversationID: id, Seq: 1}, Deliveries: []store.NewDelivery{{Hook: "h", Claimed: true}}}}
	for _, r := range commit(t, s, call("before "+id), second) {
		require.NoError(t, r.Err)
	}
	_, err := s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{{EventID: id, Hook: "h", InTx: run}}})
	require.NoError(t, err)
	records, err := s.Load(t.Context(), "before "+id, id)
	require.NoError(t, err)
	require.EqualValues(t, 1, records[0].Version)
	require.EqualValues(t, 1, records[1].Version)
	require.Empty(t, records[1].Backlog)
}

func TestAHookCannotEndTheTransactionThatItIsLent(t *testing.T) {
	s := opened(t, newPath(t), nil)
	_, err := s.db.ExecContext(t.Context(), "CREATE TABLE host (n)")
	require.NoError(t, err)
	for name, end := range map[string]func(*sql.Tx) error{"Commit": (*sql.Tx).Commit, "Rollback": (*sql.Tx).Rollback} {
		lentTo(t, s, name, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO host VALUES (1)")
			require.NoError(t, err)
			require.ErrorIs(t, end(tx), ErrTxLent)
			_, err = tx.ExecContext(ctx, "INSERT INTO host VALUES (2)")
			require.ErrorIs(t, err, sql.ErrTxDone)
			return nil
		})
	}
	var n int
	require.NoError(t, s.db.QueryRowContext(t.Context(), "SELECT sum(n) FROM host").Scan(&n))
	require.Equal(t, 4, n, "what the two hooks and outcomes wrote before")
}

func TestNoStatementOfAHookEndsTheTransactionThatItIsLent(t *testing.T) {
	s := opened(t, newPath(t), nil)
	ways := map[string]func(ctx context.Context, tx *sql.Tx, text string) error{
		"exec": func(ctx context.Context, tx *sql.Tx, text string) error {
			_, err := tx.ExecContext(ctx, text)
			return err
		},
		"query": func(ctx context.Context, tx *sql.Tx, text string) error {
			return tx.QueryRowContext(ctx, text).Scan(new(int))
		},
		"prepare": func(ctx context.Context, tx *sql.Tx, text string) error {
			p, err := tx.PrepareContext(ctx, text)
			if err != nil {
				return err
			}
			defer func() { require.NoError(t, p.Close()) }()
			_, err = p.ExecContext(ctx)
			return err
		},
	}
	for _, text := range []string{"commit", "COMMIT", " commit ; ", "/* not yet */ Commit transaction", "-- now\nEND", "end transaction", "rollback", "ROLLBACK TRANSACTION",
		"release convtrack_hook", "RELEASE SAVEPOINT Convtrack_Hook", "rollback to convtrack_hook"} {
		for way, do := range ways {
			lentTo(t, s, way+text, func(ctx context.Context, tx *sql.Tx) error {
				require.ErrorIs(t, do(ctx, tx, text), ErrTxLent, "%s: %s", way, text)
				_, err := tx.ExecContext(ctx, "SELECT 1")
				require.NoError(t, err)
				return nil
			})
		}
		lentTo(t, s, "several "+text, func(ctx context.Context, tx *sql.Tx) error {
			for way, do := range ways {
				require.Error(t, do(ctx, tx, "SELECT 1; "+text+"; SELECT 2"), way)
			}
			return nil
		})
	}
}

func TestAHookMayHaveSavepointsOfItsOwn(t *testing.T) {
	s := opened(t, newPath(t), nil)
	lentTo(t, s, "c", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "SAVEPOINT mine; CREATE TABLE host (n); ROLLBACK TO mine; RELEASE mine; CREATE TEMP TABLE host (n); DROP TABLE host")
		return err
	})
}

func TestATransactionIsOverWhenItsHookHasReturned(t *testing.T) {
	s := opened(t, newPath(t), nil)
	var kept *sql.Tx
	var prepared *sql.Stmt
	var rows *sql.Rows
	lentTo(t, s, "c", func(ctx context.Context, tx *sql.Tx) (err error) {
		kept = tx
		prepared, err = tx.PrepareContext(ctx, "DELETE FROM cdm_conversation") //nolint:sqlclosecheck // that is the point
		require.NoError(t, err)
		rows, err = tx.QueryContext(ctx, "SELECT 1 UNION ALL SELECT 2") //nolint:sqlclosecheck,rowserrcheck // that is the point
		return err
	})
	require.False(t, rows.Next())
	_, err := prepared.ExecContext(t.Context())
	require.Error(t, err)
	_, err = kept.ExecContext(t.Context(), "DELETE FROM cdm_conversation")
	require.ErrorIs(t, err, sql.ErrTxDone)
	require.ErrorIs(t, kept.Commit(), sql.ErrTxDone)
	require.Equal(t, 2, count(t, s, "conversation"))
}

// An interrupted write rolls back everything; what the hook writes then would
// be a transaction of its own.
func TestWhatAHookWritesAfterItsTransactionWasRolledBackIsNotKept(t *testing.T) {
	s := opened(t, newPath(t), nil)
	_, err := s.db.ExecContext(t.Context(), "CREATE TABLE host (n UNIQUE)")
	require.NoError(t, err)
	c := call("c")
	c.InTx = func(ctx context.Context, _ *store.Change) error {
		tx, _ := Tx(ctx)
		later, err := tx.PrepareContext(ctx, "INSERT INTO host VALUES (3)")
		require.NoError(t, err)
		defer func() { require.NoError(t, later.Close()) }()
		_, err = tx.ExecContext(ctx, "INSERT OR ROLLBACK INTO host VALUES (1), (1)")
		require.Error(t, err)
		_, err = tx.ExecContext(ctx, "INSERT INTO host VALUES (2)")
		require.Error(t, err)
		_, err = later.ExecContext(ctx)
		require.Error(t, err)
		return nil
	}
	_, err = s.Commit(t.Context(), store.Batch{Changes: []*store.Change{call("a"), c}})
	require.ErrorIs(t, err, ErrTxEnded)
	var n int
	require.NoError(t, s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM host").Scan(&n))
	require.Zero(t, n)
	require.Zero(t, count(t, s, "conversation"))
	commit(t, s, call("after"))
}

func TestAStatementOfAHookThatIsInterruptedWritesNothingOfTheBatch(t *testing.T) {
	s := opened(t, newPath(t), nil)
	second := call("b")
	second.InTx = func(ctx context.Context, _ *store.Change) error {
		tx, _ := Tx(ctx)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := tx.ExecContext(short, `CREATE TABLE host AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 1000000000) SELECT max(i) FROM n`)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return err
	}
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{call("a"), second}})
	records, loadErr := s.Load(t.Context(), "a", "b")
	require.NoError(t, loadErr)
	if err != nil {
		require.Zero(t, records[0].Version)
	} else {
		require.Equal(t, done.Results[0].Version, records[0].Version)
		require.ErrorIs(t, done.Results[1].Err, context.DeadlineExceeded)
	}
	require.Zero(t, records[1].Version)
	commit(t, s, call("after"))
}
