package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// listener is a tracker that listens to a socket, and the other end of that.
type listener struct {
	timer
	conn  *websocket.Conn
	ended chan error
}

func (l *listener) send(frame []byte) error { return l.conn.WriteMessage(websocket.TextMessage, frame) }

// following calls do with a listener on a new store, and ends it.
func following(ctx context.Context, e engine, do func(*listener) error) (err error) {
	target, remove, err := e.place(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := e.open(ctx, target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	sockets := make(chan *websocket.Conn, 1)
	streaming := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		if conn, err := up.Upgrade(w, r, nil); err == nil {
			sockets <- conn
		}
	}))
	defer streaming.Close()
	l := &listener{ended: make(chan error, 1)}
	hooks := events.NewHooks()
	events.After(hooks, "measure", l.hook)
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
	if err != nil {
		return err
	}
	heard, err := notifications.New(notifications.Config{API: streamingAPI(streaming.URL), Topics: notifications.UserTopics("u"), Logger: quiet,
		DialContext: (&net.Dialer{}).DialContext})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	go func() { l.ended <- tracker.Run(running, heard) }()
	defer func() {
		stop()
		err = errors.Join(err, <-l.ended)
	}()
	select {
	case l.conn = <-sockets:
	case err := <-l.ended:
		l.ended <- nil
		return fmt.Errorf("the tracker has ended: %w", err)
	}
	defer func() { _ = l.conn.Close() }()
	return do(l)
}

// streamingAPI is a REST API that has one channel.
type streamingAPI string

func (a streamingAPI) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	if r.Verb() == http.MethodPost && strings.HasSuffix(r.Path, "/channels") {
		return fmt.Appendf(nil, `{"id":"channel","connectUri":%q}`, "ws"+strings.TrimPrefix(string(a), "http")), nil
	}
	return []byte(`{"entities":[]}`), nil
}
