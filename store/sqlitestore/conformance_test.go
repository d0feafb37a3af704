package sqlitestore_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
	"github.com/dcmkit/convtrack/storetest"
)

// opened is a store with the path of its file.
type opened struct {
	*sqlitestore.Store
	path string
}

func open(t testing.TB, path string) opened {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return opened{s, path}
}

// table is a table beside the store's, as a host has one.
func table(t testing.TB, path string) storetest.Table {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE host (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
	require.NoError(t, err)
	return storetest.Table{
		Insert: func(ctx context.Context, key, value string) error {
			tx, ok := sqlitestore.Tx(ctx)
			if !ok {
				return errors.New("there is no transaction")
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO host VALUES (?, ?)", key, value)
			return err
		},
		Read: func(ctx context.Context, key string) (value string, found bool, err error) {
			err = db.QueryRowContext(ctx, "SELECT value FROM host WHERE key = ?", key).Scan(&value)
			if errors.Is(err, sql.ErrNoRows) {
				return "", false, nil
			}
			return value, err == nil, err
		},
	}
}

func harness() storetest.Harness {
	return storetest.Harness{
		Open: func(t testing.TB) store.Store { return open(t, filepath.Join(t.TempDir(), "store.db")) },
		Reopen: func(t testing.TB, s store.Store) store.Store {
			require.NoError(t, s.Close())
			return open(t, s.(opened).path)
		},
		Another:      func(t testing.TB, s store.Store) store.Store { return open(t, s.(opened).path) },
		Transactions: func(t testing.TB, s store.Store) storetest.Table { return table(t, s.(opened).path) },
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, harness()) }

func FuzzModel(f *testing.F) { storetest.Fuzz(f, harness()) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness()) }
