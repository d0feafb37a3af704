package pgstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/storetest"
)

// opened is a store with what it was opened with.
type opened struct {
	*pgstore.Store
	pool   *pgxpool.Pool
	schema string
}

// openIn opens a store in a schema.
func openIn(t testing.TB, schema string, change ...func(*pgxpool.Config)) opened {
	t.Helper()
	return openOn(t, cluster.Pool(t, schema, change...), schema)
}

func openOn(t testing.TB, pool *pgxpool.Pool, schema string) opened {
	t.Helper()
	s, err := pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return opened{s, pool, schema}
}

// open opens a store in a schema of its own.
func open(t testing.TB, change ...func(*pgxpool.Config)) opened {
	t.Helper()
	return openIn(t, cluster.Schema(t), change...)
}

// table is a table beside the store's, as a host has one.
func table(t testing.TB, s opened) storetest.Table {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), "create table host (key text primary key, value text not null)")
	require.NoError(t, err)
	return storetest.Table{
		Insert: func(ctx context.Context, key, value string) error {
			tx, ok := pgstore.Tx(ctx)
			if !ok {
				return errors.New("there is no transaction")
			}
			_, err := tx.Exec(ctx, "insert into host values ($1, $2)", key, value)
			return err
		},
		Read: func(ctx context.Context, key string) (value string, found bool, err error) {
			err = s.pool.QueryRow(ctx, "select value from host where key = $1", key).Scan(&value)
			if errors.Is(err, pgx.ErrNoRows) {
				return "", false, nil
			}
			return value, err == nil, err
		},
	}
}

// harness opens stores whose pools are configured so.
func harness(change ...func(*pgxpool.Config)) storetest.Harness {
	return storetest.Harness{
		Open: func(t testing.TB) store.Store { return open(t, change...) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			require.NoError(t, s.Close())
			return openIn(t, s.(opened).schema, change...)
		},
		Another:      func(t testing.TB, s store.Store) store.Store { return openIn(t, s.(opened).schema, change...) },
		Transactions: func(t testing.TB, s store.Store) storetest.Table { return table(t, s.(opened)) },
	}
}

// conform tries the contract on stores whose pools are configured so. They try to
// commit each batch at once; by the simple protocol, it is in two steps.
func conform(t *testing.T, change ...func(*pgxpool.Config)) {
	h, of := harness(change...), newSchemas(t, nil)
	h.Open = func(t testing.TB) store.Store {
		s := openIn(t, of.take(t), change...)
		s.TriesAtOnce()
		return s
	}
	storetest.Run(t, h)
}

func TestConformance(t *testing.T) { conform(t) }

func FuzzModel(f *testing.F) { storetest.Fuzz(f, harness()) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness()) }
