package genesystest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestTheInMemoryNetworkHasDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		conn, err := s.DialContext(t.Context(), "tcp", "anything:80")
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		began := time.Now()
		require.NoError(t, conn.SetReadDeadline(began.Add(3*time.Second)))
		_, err = conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var timeout net.Error
		require.True(t, errors.As(err, &timeout) && timeout.Timeout())
		require.Equal(t, 3*time.Second, time.Since(began))

		require.NoError(t, conn.SetDeadline(time.Time{}))
		_, err = io.WriteString(conn, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), "404")
		_, err = conn.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}

func TestAClosedServerRefusesConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory())
		s.Close()
		_, err := s.DialContext(t.Context(), "tcp", "anything:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestAServerOnASocketIsReachedByAnyClient(t *testing.T) {
	s := genesystest.NewServer(t)
	c := newClient(t, s)
	_, uri := c.channel("v2.users.user-a.conversations")
	so := c.open(uri)
	s.Play(transfer(), genesystest.Speed(10_000))
	require.Equal(t, "v2.users.user-a.conversations", so.next()["topicName"])
	s.Faults().CutSockets()
	require.Zero(t, so.closed())
	_, err := genesystest.Start(genesystest.Addr(s.URL()[len("http://"):]))
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

func TestTheAPIOfTheServerKeepsToItsRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.RateLimit(10))
		for range 25 {
			_, err := s.API().Call(t.Context(), genesys.Request{Path: "/api/v2/organizations/me"})
			require.NoError(t, err)
		}
		refused := 0
		for _, r := range s.Requests() {
			if r.Status == 429 {
				refused++
			}
		}
		require.LessOrEqual(t, refused, 1)
		_, err := s.API().Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/c-1"})
		require.True(t, genesys.HasStatus(err, 404))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.API().Call(ctx, genesys.Request{Path: "/api/v2/organizations/me"})
		require.ErrorIs(t, err, context.Canceled)
	})
}
