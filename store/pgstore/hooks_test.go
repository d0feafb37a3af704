package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// hooked commits new conversations, the first of which has a hook, and returns
// what became of the batch.
func hooked(t *testing.T, s opened, n int, hook func(ctx context.Context, tx pgx.Tx) error) ([]store.Result, error) {
	t.Helper()
	var changes []*store.Change
	for i := range n {
		changes = append(changes, newReference(i).create())
	}
	changes[0].InTx = func(ctx context.Context, _ *store.Change) error {
		tx, ok := pgstore.Tx(ctx)
		require.True(t, ok)
		return hook(ctx, tx)
	}
	done, err := s.Commit(t.Context(), store.Batch{Changes: changes})
	return done.Results, err
}

func stored(t *testing.T, s opened, n int) (versions []int64) {
	t.Helper()
	for i := range n {
		records, err := s.Load(t.Context(), newReference(i).id)
		require.NoError(t, err)
		versions = append(versions, records[0].Version)
	}
	return versions
}

func TestOutsideOfAHookThereIsNoTransaction(t *testing.T) {
	_, ok := pgstore.Tx(t.Context())
	require.False(t, ok)
}

func TestAHookCannotEndTheTransaction(t *testing.T) {
	for _, n := range []int{1, 2} {
		s := open(t)
		results, err := hooked(t, s, n, func(ctx context.Context, tx pgx.Tx) error {
			require.ErrorIs(t, tx.Commit(ctx), pgstore.ErrTxLent)
			require.ErrorIs(t, tx.Rollback(ctx), pgstore.ErrTxLent)
			return nil
		})
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
	}
}

func TestAHookMayHaveTransactionsWithinTheTransaction(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "create table host (x int primary key)")
	require.NoError(t, err)
	results, err := hooked(t, s, 2, func(ctx context.Context, tx pgx.Tx) error {
		refused := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "insert into host values (1), (1)")
			return err
		})
		require.Error(t, refused)
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"host"}, []string{"x"}, pgx.CopyFromRows([][]any{{2}, {3}}))
		return err
	})
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from host").Scan(&n))
	require.Equal(t, 2, n)
}

func TestAFailureThatAHookKeepsToItselfFailsItsChange(t *testing.T) {
	for _, n := range []int{1, 2} {
		s := open(t)
		results, err := hooked(t, s, n, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "select 1/0")
			require.Error(t, err)
			return nil
		})
		require.NoError(t, err)
		require.ErrorContains(t, results[0].Err, "a statement of the hook has failed")
		require.Equal(t, []int64{0, 1}[:n], stored(t, s, n))
	}
}

func TestNoStatementOfAHookEndsTheTransactionThatItIsLent(t *testing.T) {
	batch := func(sql string) *pgx.Batch {
		b := &pgx.Batch{}
		b.Queue("select 1")
		b.Queue(sql)
		return b
	}
	for _, n := range []int{1, 2} {
		s := open(t)
		results, err := hooked(t, s, n, func(ctx context.Context, tx pgx.Tx) error {
			within, err := tx.Begin(ctx)
			require.NoError(t, err)
			for _, tx := range []pgx.Tx{tx, within} {
				require.Nil(t, tx.Conn())
				for _, sql := range []string{"commit", "ROLLBACK and chain", "select 1; end", "prepare transaction 'x'"} {
					_, err := tx.Exec(ctx, sql)
					require.ErrorIs(t, err, pgstore.ErrTxLent)
					_, err = tx.Query(ctx, sql) //nolint:sqlclosecheck // there are none
					require.ErrorIs(t, err, pgstore.ErrTxLent)
					require.ErrorIs(t, tx.QueryRow(ctx, sql).Scan(), pgstore.ErrTxLent)
					_, err = tx.Prepare(ctx, "name", sql)
					require.ErrorIs(t, err, pgstore.ErrTxLent)
					require.ErrorIs(t, tx.SendBatch(ctx, batch(sql)).Close(), pgstore.ErrTxLent)
				}
			}
			return within.Commit(ctx)
		})
		require.NoError(t, err)
		for _, r := range results {
			require.NoError(t, r.Err)
		}
		require.Equal(t, []int64{1, 1}[:n], stored(t, s, n))
	}
}

func TestAHookThatLeavesRowsUnreadFailsTheBatch(t *testing.T) {
	s := open(t)
	_, err := hooked(t, s, 2, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Query(ctx, "select generate_series(1, 100000)") //nolint:sqlclosecheck // that is the point
		return err
	})
	require.ErrorIs(t, err, pgstore.ErrTxEnded)
	require.Equal(t, []int64{0, 0}, stored(t, s, 2))
}

func TestATransactionIsOverWhenItsHookHasReturned(t *testing.T) {
	s := open(t)
	for n, within := range []int{0, 0, 1, 1, 2, 2} { // one begun within it, too
		var kept pgx.Tx
		_, err := hooked(t, s, 1+n%2, func(ctx context.Context, tx pgx.Tx) (err error) {
			for kept = tx; within > 0 && err == nil; within-- {
				kept, err = kept.Begin(ctx)
			}
			return errors.Join(err, errors.New("no"))
		})
		require.NoError(t, err)
		ctx := t.Context()
		var b pgx.Batch
		b.Queue("select 1")
		for _, use := range []func() error{
			func() error { _, err := kept.Exec(ctx, "select 1"); return err },
			func() error { _, err := kept.Query(ctx, "select 1"); return err }, //nolint:sqlclosecheck // there are none
			func() error { return kept.QueryRow(ctx, "select 1").Scan(new(int)) },
			func() error { _, err := kept.Begin(ctx); return err },
			func() error { return kept.SendBatch(ctx, &b).Close() },
			func() error { _, err := kept.CopyFrom(ctx, nil, nil, nil); return err },
			func() error { _, err := kept.Prepare(ctx, "kept", "select 1"); return err },
		} {
			require.ErrorIs(t, use(), pgx.ErrTxClosed)
		}
	}
}

func TestATransactionWithinThatOfAHookIsTheHooksToEnd(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "create table host (n int)")
	require.NoError(t, err)
	_, err = hooked(t, s, 2, func(ctx context.Context, tx pgx.Tx) error {
		for i, end := range []func(pgx.Tx) error{func(tx pgx.Tx) error { return tx.Commit(ctx) }, func(tx pgx.Tx) error { return tx.Rollback(ctx) }} {
			within, err := tx.Begin(ctx)
			require.NoError(t, err)
			_, err = within.Exec(ctx, "insert into host values ($1)", i)
			require.NoError(t, err)
			require.NoError(t, end(within))
		}
		return nil
	})
	require.NoError(t, err)
	var sum, n int
	require.NoError(t, s.pool.QueryRow(t.Context(), "select sum(n), count(*) from host").Scan(&sum, &n))
	require.Equal(t, []int{0, 1}, []int{sum, n})
}

func TestPlansOfAHookAreTheServersOwn(t *testing.T) {
	s := open(t)
	_, err := hooked(t, s, 2, func(ctx context.Context, tx pgx.Tx) error {
		for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan"} {
			var is string
			require.NoError(t, tx.QueryRow(ctx, "show "+name).Scan(&is))
			require.Equal(t, "on", is, name)
		}
		return nil
	})
	require.NoError(t, err)
}

func TestAHookCanBeTestedAloneInATransactionOfTheTest(t *testing.T) {
	s := open(t)
	tx, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	lent, ok := pgstore.Tx(pgstore.WithTx(t.Context(), tx))
	require.True(t, ok)
	var one int
	require.NoError(t, lent.QueryRow(t.Context(), "select 1").Scan(&one))
	require.ErrorIs(t, lent.Commit(t.Context()), pgstore.ErrTxLent, "a hook that ends it is found out")
	_, ok = pgstore.Tx(t.Context())
	require.False(t, ok)
}

func TestAHookWhoseStatementLosesADeadlockRunsAgain(t *testing.T) {
	for _, n := range []int{1, 2} {
		s := open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		_, err := s.pool.Exec(ctx, "create table host (id int primary key, n int); insert into host values (1, 0), (2, 0)")
		require.NoError(t, err)
		// Somebody takes the second row, and wants the first one when the hook has it.
		other, err := s.pool.Begin(ctx)
		require.NoError(t, err)
		_, err = other.Exec(ctx, "set local deadlock_timeout = '1h'; update host set n = n + 10 where id = 2")
		require.NoError(t, err)
		others := make(chan error, 1)
		runs := 0
		results, err := hooked(t, s, n, func(ctx context.Context, tx pgx.Tx) error {
			runs++
			if _, err := tx.Exec(ctx, "update host set n = n + 1 where id = 1"); err != nil {
				return err
			}
			if runs == 1 {
				go func() {
					_, err := other.Exec(ctx, "update host set n = n + 10 where id = 1")
					others <- errors.Join(err, other.Commit(ctx))
				}()
				require.Eventually(t, func() bool {
					var waits bool
					require.NoError(t, s.pool.QueryRow(ctx, "select exists (select from pg_locks where not granted)").Scan(&waits))
					return waits
				}, time.Minute, 5*time.Millisecond)
			}
			if _, err := tx.Exec(ctx, "update host set n = n + 1 where id = 2"); err != nil {
				return fmt.Errorf("the second row: %w", err)
			}
			return nil
		})
		require.NoError(t, <-others, "the server ends the hook's statement")
		require.NoError(t, err)
		for _, r := range results {
			require.NoError(t, r.Err)
		}
		require.Equal(t, 2, runs)
		require.Equal(t, []int64{1, 1}[:n], stored(t, s, n))
		var least, most int
		require.NoError(t, s.pool.QueryRow(ctx, "select min(n), max(n) from host").Scan(&least, &most))
		require.Equal(t, []int{11, 11}, []int{least, most})
	}
}

func TestAHookThatLosesEachTimeFailsItsChangeAlone(t *testing.T) {
	loses := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "do $$ begin raise exception 'again' using errcode = '40001'; end $$")
		return err
	}
	for _, n := range []int{1, 2} {
		for within, hook := range map[string]func(ctx context.Context, tx pgx.Tx) error{
			"the transaction": loses,
			"a savepoint of its own": func(ctx context.Context, tx pgx.Tx) error {
				return pgx.BeginFunc(ctx, tx, func(sp pgx.Tx) error { return loses(ctx, sp) })
			},
		} {
			s := open(t)
			runs := 0
			results, err := hooked(t, s, n, func(ctx context.Context, tx pgx.Tx) error {
				runs++
				return fmt.Errorf("the hook: %w", hook(ctx, tx))
			})
			require.NoError(t, err, within)
			require.ErrorContains(t, results[0].Err, "the hook: ", within)
			require.Greater(t, runs, 1, within)
			require.Equal(t, []int64{0, 1}[:n], stored(t, s, n), within)
		}
	}
}

// hostile is an error of a host that cannot be asked.
type hostile struct{ error }

func (hostile) As(any) bool { panic("asked") }

func TestAnErrorOfAHookThatCannotBeAskedFailsItsChange(t *testing.T) {
	s := open(t)
	results, err := hooked(t, s, 2, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select 1/0")
		return hostile{err}
	})
	require.NoError(t, err)
	require.Error(t, results[0].Err)
	require.Equal(t, []int64{0, 1}, stored(t, s, 2))
}
