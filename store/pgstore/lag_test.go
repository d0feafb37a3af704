package pgstore_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

func TestTheWaitForAConnectionDoesNotCountAsLag(t *testing.T) {
	const wait = 2 * time.Second
	s := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	r := references(t, s, 0, 1)[0]
	change := r.update()
	change.Events[0].Deliveries[0].Claimed = false
	began := time.Now()
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{change}})
	require.NoError(t, err)
	require.NoError(t, done.Results[0].Err)
	held, err := s.pool.Acquire(t.Context())
	require.NoError(t, err)
	time.AfterFunc(wait, held.Release)
	lags, err := s.Lag(t.Context(), 10)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), wait, "it waited")
	require.WithinRange(t, lags["hook"].Due, began.Add(-wait/2), time.Now(), "it is due since it was committed")
}
