package pgstore_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func mode(m pgx.QueryExecMode) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = m }
}

// All but the simple protocol send the same bytes as the default mode, and
// prepare nothing.
func TestEveryModeWorksWhereConnectionsAreGivenOutByTheTransaction(t *testing.T) {
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeExec, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(m.String(), func(t *testing.T) {
			schema := cluster.Schema(t)
			p := newProxy(t, schema, 2)
			others := make(chan struct{})
			s := openIn(t, schema, p.through, mode(m))
			go func() { // so that transactions change their connections
				defer close(others)
				for range 50 {
					_, _ = s.pool.Exec(t.Context(), "select pg_sleep(0.002)")
				}
			}()
			workThrough(t, s)
			<-others
		})
	}
}

// A pool that prepares statements, which such a proxy loses, is a mistake of
// the host's; the store goes on without.
func TestPreparedStatementsThatGetLostAreDoneWithout(t *testing.T) {
	schema := cluster.Schema(t)
	openIn(t, schema) // the pool's own statements of New would fail
	p := newProxy(t, schema, 2)
	pool := cluster.Pool(t, schema, p.through, mode(pgx.QueryExecModeExec))
	s := openOn(t, pool, schema)
	s.Prepare()
	workThrough(t, s)
}

// workThrough calls every method that writes, and some that read.
func workThrough(t *testing.T, s opened) {
	t.Helper()
	list := references(t, s, 0, 30)
	for range 5 {
		require.NoError(t, updateAll(t.Context(), s, list))
	}
	require.NoError(t, s.Release(t.Context(), "owner"))
	due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: 1e11, Hooks: []string{"hook"}, Limit: 100})
	require.NoError(t, err)
	require.Len(t, due, len(list))
	var outcomes []store.Outcome
	var held []store.DeliveryKey
	for _, d := range due {
		held = append(held, d.Key())
		o := d.Outcome("me", store.Failed)
		o.Failure.Error = "it's \"down\"\n"
		outcomes = append(outcomes, o)
	}
	require.NoError(t, s.Renew(t.Context(), "me", 1e11, held))
	_, err = s.Commit(t.Context(), store.Batch{Outcomes: outcomes})
	require.NoError(t, err)
	page, err := s.Failed(t.Context(), store.FailedQuery{})
	require.NoError(t, err)
	require.Len(t, page.Items, len(list))
	n, err := s.Decide(t.Context(), store.Skip, page.Items[0].ID)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	records, err := s.Load(t.Context(), list[0].id, "unknown")
	require.NoError(t, err)
	require.Equal(t, list[0].version, records[0].Version)
	listed, err := s.List(t.Context(), store.Query{Attribute: map[string]string{"case": "1"}})
	require.NoError(t, err)
	require.Empty(t, listed.Conversations)
	version, err := s.SetValue(t.Context(), "cursor", []byte{0, 255}, 0)
	require.NoError(t, err)
	value, stored, err := s.Value(t.Context(), "cursor")
	require.NoError(t, err)
	require.Equal(t, []byte{0, 255}, value)
	require.Equal(t, version, stored)
}
