package notifications_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// streaming is a platform in virtual time whose sockets behave as a test demands.
type streaming struct {
	serve func(w http.ResponseWriter, r *http.Request)
	put   func() error // what subscribing ends with; nil: nothing

	conns  chan net.Conn
	opened atomic.Int64 // connections
	open   atomic.Int64 // those that are not closed by the source
	calls  atomic.Int64 // of the API
}

func (s *streaming) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	s.calls.Add(1)
	switch {
	case strings.HasSuffix(r.Path, "/subscriptions"):
		if s.put != nil {
			if err := s.put(); err != nil {
				return nil, err
			}
		}
	case r.Verb() == http.MethodPost:
		return json.Marshal(map[string]any{"id": fmt.Sprint("channel-", s.calls.Load()), "connectUri": "ws://localhost/"})
	}
	return []byte(`{"entities":[]}`), nil
}

func (s *streaming) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case s.conns <- theirs:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.opened.Add(1)
	s.open.Add(1)
	return &counted{Conn: ours, open: &s.open}, nil
}

// counted is a connection that counts that it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// listener takes connections from a channel until it is closed.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *listener) Close() error   { return nil }
func (l *listener) Addr() net.Addr { return &net.UnixAddr{} }

// listenTo lets a source listen to s for a time.
func listenTo(t *testing.T, s *streaming, d time.Duration, meanwhile func()) {
	s.conns = make(chan net.Conn)
	l := &listener{conns: s.conns, done: make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(s.serve)}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(l) })
	source, err := notifications.New(notifications.Config{API: s, Topics: callTopics, DialContext: s.dial, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	group.Go(func() { require.NoError(t, source.Run(ctx, newEar().sink)) })
	time.Sleep(d)
	synctest.Wait()
	meanwhile()
	cancel()
	close(l.done)
	_ = server.Close()
	group.Wait()
}

// saying returns a handler that sends a message on each socket and keeps it open
// until the source closes it.
func saying(heartbeat bool, frames ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for _, f := range frames {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(f))
		}
		if heartbeat {
			gone := make(chan struct{})
			defer close(gone)
			go func() {
				for {
					select {
					case <-gone:
						return
					case <-time.After(30 * time.Second):
						_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`))
					}
				}
			}()
		}
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
	}
}

func system(name string) string {
	return fmt.Sprintf(`{"topicName":"v2.system.%s","eventBody":{"message":"so it is"}}`, name)
}

func TestNothingThatThePlatformDoesMakesAStormOfConnectionsOrCalls(t *testing.T) {
	refuse := func(status int, code string) func() error {
		return func() error { return &genesys.APIError{Status: status, Code: code} }
	}
	for name, s := range map[string]*streaming{
		"a closing notice on every new socket": {serve: saying(true, system("socket_closing"))},
		"many notices on every new socket":     {serve: saying(true, system("socket_closing"), system("socket_closing"), system("socket_closing"))},
		"the token is revoked on every socket": {serve: saying(true, system("token_revoked.channel"))},
		"the channel is taken over every time": {serve: saying(true, system("no_longer_subscribed.channel"))},
		"every new socket is closed": {serve: func(w http.ResponseWriter, r *http.Request) {
			c, _ := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			_ = c.Close()
		}},
		"every connection is cut":                {serve: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"every channel is gone":                  {serve: http.NotFound},
		"every socket is refused":                {serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		"the streaming host redirects":           {serve: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }},
		"every socket is silent":                 {serve: saying(false)},
		"every subscription fails":               {serve: saying(true), put: refuse(503, "")},
		"no channel is known when it subscribes": {serve: saying(true), put: refuse(404, "")},
		"headers without end":                    {serve: endlessHeaders},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listenTo(t, s, 2*time.Hour, func() {
					t.Logf("%d connections, %d calls", s.opened.Load(), s.calls.Load())
					require.LessOrEqual(t, s.opened.Load(), int64(2*240), "connections in two hours")
					require.LessOrEqual(t, s.calls.Load(), int64(2*1200), "calls in two hours")
					require.LessOrEqual(t, s.open.Load(), int64(2), "old sockets are closed")
				})
				require.Zero(t, s.open.Load())
			})
		})
	}
}

// endlessHeaders begins to answer a handshake with headers that never end.
func endlessHeaders(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
	for line := "X-A: " + strings.Repeat("a", 4000) + "\r\n"; err == nil; {
		_, err = io.WriteString(conn, line)
	}
}

func TestTheAnswerToAHandshakeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var ended atomic.Int64
		s := &streaming{}
		s.serve = func(w http.ResponseWriter, r *http.Request) {
			endlessHeaders(w, r)
			ended.CompareAndSwap(0, int64(time.Since(began))+1)
		}
		listenTo(t, s, time.Minute, func() {})
		require.Less(t, time.Duration(ended.Load()), time.Second, "not when the handshake times out")
		require.Positive(t, ended.Load())
	})
}
