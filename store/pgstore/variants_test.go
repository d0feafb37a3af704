//go:build !race

// The race detector watches the contract being tried in the usual mode; make test
// tries it in these without.

package pgstore_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/storetest"
)

// Here listings also look at one conversation after the other, as where there are many.
func TestConformanceByTheSimpleProtocol(t *testing.T) {
	simple := mode(pgx.QueryExecModeSimpleProtocol)
	h, of := harness(simple), newSchemas(t, nil)
	h.Open = func(t testing.TB) store.Store {
		s := openIn(t, of.take(t), simple)
		s.ReadsNoFew()
		return s
	}
	storetest.Run(t, h)
}

// A role that may read and write rows, and nothing else, is enough; and code of
// others in a schema of its search_path is not executed.
func TestConformanceOfARoleForRowsOnly(t *testing.T) {
	others := cluster.Schema(t)
	inSchema(t, others, lure)
	reopen := func(t testing.TB, schema string) opened {
		pool := cluster.Pool(t, schema, sessionAs(roleOf(schema)), func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["search_path"] += ", " + others })
		s, err := pgstore.New(t.Context(), pool, &pgstore.Config{SkipMigrations: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return opened{s, pool, schema}
	}
	h, of := harness(), newSchemas(t, func(schema string) { rowsOnly(t, schema) })
	h.Open = func(t testing.TB) store.Store { return reopen(t, of.take(t)) }
	h.Reopen = func(t testing.TB, s store.Store) store.Store {
		require.NoError(t, s.Close())
		return reopen(t, s.(opened).schema)
	}
	h.Another = func(t testing.TB, s store.Store) store.Store { return reopen(t, s.(opened).schema) }
	h.Transactions = func(t testing.TB, s store.Store) storetest.Table {
		x := s.(opened)
		host := table(t, opened{x.Store, cluster.Pool(t, x.schema), x.schema})
		cluster.Exec(t, "grant select, insert on "+x.schema+".host to "+roleOf(x.schema))
		return host
	}
	storetest.Run(t, h)
}
