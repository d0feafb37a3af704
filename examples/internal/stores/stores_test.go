package stores

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/memstore"
)

// A server that hangs does not keep a program from ending.
func TestCloseLeavesConnectionsBehindThatDoNotEnd(t *testing.T) {
	config, err := pgxpool.ParseConfig("postgres://nobody@127.0.0.1:1/nothing")
	require.NoError(t, err)
	dialing, end := make(chan struct{}, 10), make(chan struct{})
	config.ConnConfig.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialing <- struct{}{}
		<-end
		return nil, context.Cause(ctx)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	acquired := make(chan error, 1)
	go func() {
		_, err := pool.Acquire(t.Context())
		acquired <- err
	}()
	<-dialing
	s := &Store{Store: memstore.New(), Pool: pool}
	began := time.Now()
	require.ErrorContains(t, s.Close(), "left behind")
	require.GreaterOrEqual(t, time.Since(began), closeTime)
	close(end)
	require.Error(t, <-acquired)
}
