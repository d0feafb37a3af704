package pgstore_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/access"
)

// What the server says of itself is understood.
func TestADatabaseThatIsReadOnlyOrSlowIsToldFromOneThatIsLost(t *testing.T) {
	s := openIn(t, cluster.Schema(t), func(c *pgxpool.Config) { c.MaxConns = 1 })
	_, err := s.pool.Exec(t.Context(), "set default_transaction_read_only = on")
	require.NoError(t, err)
	_, err = s.SetValue(t.Context(), "name", []byte("value"), 0)
	require.Equal(t, access.ReadOnly, access.TroubleOf(err), err)
	_, err = s.pool.Exec(t.Context(), "set default_transaction_read_only = off")
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "set statement_timeout = '20ms'")
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "select pg_sleep(10)")
	require.Equal(t, access.Slow, access.TroubleOf(err), err)
	s.pool.Close()
	_, err = s.SetValue(t.Context(), "name", []byte("value"), 0)
	require.Equal(t, access.Lost, access.TroubleOf(err), err)
}
