package memstore_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestABroadcastReachesAllWhoListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		ctx, cancel := context.WithCancel(t.Context())
		var told [2][]string
		ended := make(chan error, len(told))
		for i := range told {
			go func() {
				ended <- s.Listen(ctx, func(message []byte) { told[i] = append(told[i], string(message)) })
			}()
		}
		synctest.Wait()
		require.NoError(t, s.Broadcast(t.Context(), []byte("hello")))
		require.Equal(t, [2][]string{{"hello"}, {"hello"}}, told)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, s.Broadcast(t.Context(), []byte("nobody")))
		go func() { ended <- s.Listen(t.Context(), func([]byte) {}) }()
		synctest.Wait()
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-ended, store.ErrClosed)
		require.ErrorIs(t, s.Listen(t.Context(), nil), store.ErrClosed)
		require.ErrorIs(t, s.Broadcast(t.Context(), nil), store.ErrClosed)
	})
}
