package genesystest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

type object = map[string]any

// client speaks plain HTTP with a server, as a program without any library of
// Genesys would.
type client struct {
	t      *testing.T
	server *genesystest.Server
	http   *http.Client
	token  string
}

func newClient(t *testing.T, s *genesystest.Server) *client {
	c := &client{t: t, server: s, http: s.HTTPClient()}
	c.login()
	return c
}

func (c *client) login() {
	status, body := c.tryLogin(c.server.Credentials())
	require.Equal(c.t, http.StatusOK, status, "%v", body)
	require.Equal(c.t, "bearer", body["token_type"])
	c.token = body["access_token"].(string)
}

func (c *client) tryLogin(id, secret string) (int, object) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.server.URL()+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	require.NoError(c.t, err)
	req.SetBasicAuth(id, secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	require.NoError(c.t, err)
	defer res.Body.Close()
	var body object
	require.NoError(c.t, json.NewDecoder(res.Body).Decode(&body))
	return res.StatusCode, body
}

type response struct {
	status int
	header http.Header
	body   []byte
}

func (r response) object(t *testing.T) object {
	t.Helper()
	var o object
	require.NoError(t, json.Unmarshal(r.body, &o), "%s", r.body)
	return o
}

func (c *client) try(ctx context.Context, method, path string, body any) (response, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		require.NoError(c.t, err)
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server.URL()+path, reader)
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.http.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, data}, err
}

// do sends a request and demands the status.
func (c *client) do(method, path string, body any, status int) response {
	c.t.Helper()
	r, err := c.try(c.t.Context(), method, path, body)
	require.NoError(c.t, err)
	require.Equal(c.t, status, r.status, "%s %s: %s", method, path, r.body)
	require.NotEmpty(c.t, r.header.Get("ININ-Correlation-Id"))
	return r
}

func (c *client) get(path string) object {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil, http.StatusOK).object(c.t)
}

// refused demands an error body of the platform.
func (c *client) refused(method, path string, body any, status int, code string) {
	c.t.Helper()
	r := c.do(method, path, body, status)
	o := r.object(c.t)
	require.Equal(c.t, code, o["code"])
	require.EqualValues(c.t, status, o["status"])
	require.Equal(c.t, r.header.Get("ININ-Correlation-Id"), o["contextId"])
	require.NotEmpty(c.t, o["message"])
}

// channel makes a channel with subscriptions.
func (c *client) channel(topics ...string) (id, uri string) {
	c.t.Helper()
	o := c.do(http.MethodPost, "/api/v2/notifications/channels", nil, http.StatusOK).object(c.t)
	id, uri = o["id"].(string), o["connectUri"].(string)
	c.subscribe(http.MethodPut, id, topics...)
	return id, uri
}

func (c *client) subscribe(method, channel string, topics ...string) object {
	c.t.Helper()
	return c.do(method, "/api/v2/notifications/channels/"+channel+"/subscriptions", subscriptions(topics...), http.StatusOK).object(c.t)
}

func subscriptions(topics ...string) []object {
	list := []object{}
	for _, t := range topics {
		list = append(list, object{"id": t})
	}
	return list
}

// socket is a gorilla connection whose frames are gathered as they come.
type socket struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan []byte
	err    error // once frames is closed
}

func (c *client) dial(uri string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{NetDialContext: c.server.DialContext, HandshakeTimeout: 10 * time.Second}
	return d.DialContext(c.t.Context(), uri, nil)
}

// refusesHandshake demands that a WebSocket is refused with the status.
func (c *client) refusesHandshake(uri string, status int) {
	c.t.Helper()
	_, res, err := c.dial(uri)
	require.ErrorIs(c.t, err, websocket.ErrBadHandshake)
	require.NoError(c.t, res.Body.Close())
	require.Equal(c.t, status, res.StatusCode)
}

func (c *client) open(uri string) *socket {
	c.t.Helper()
	conn, res, err := c.dial(uri)
	require.NoError(c.t, err)
	res.Body.Close()
	s := &socket{t: c.t, conn: conn, frames: make(chan []byte, 100_000)}
	go func() {
		defer close(s.frames)
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil {
				s.err = err
				return
			}
			if kind == websocket.TextMessage {
				s.frames <- data
			}
		}
	}()
	c.t.Cleanup(func() {
		_ = conn.Close()
		for range s.frames {
		}
	})
	return s
}

// next waits for the next frame.
func (s *socket) next() object {
	s.t.Helper()
	select {
	case data, open := <-s.frames:
		require.True(s.t, open, "the socket is closed")
		var o object
		require.NoError(s.t, json.Unmarshal(data, &o))
		return o
	case <-time.After(time.Minute):
		s.t.Fatal("no frame comes")
		return nil
	}
}

// here returns the frames that have come.
func (s *socket) here() [][]byte {
	var all [][]byte
	for {
		select {
		case data, open := <-s.frames:
			if !open {
				return all
			}
			all = append(all, data)
		default:
			return all
		}
	}
}

// closed waits for the end of the socket and returns its close code; 0 without
// a closing frame.
func (s *socket) closed() int {
	s.t.Helper()
	for {
		select {
		case _, open := <-s.frames:
			if open {
				continue
			}
			var e *websocket.CloseError
			if ok := errors.As(s.err, &e); ok && e.Code != websocket.CloseAbnormalClosure {
				return e.Code
			}
			return 0
		case <-time.After(2 * time.Minute):
			s.t.Fatal("the socket stays open")
		}
	}
}

// soFar returns the frames that the server has sent up to now: it asks for a
// pong, which comes after them.
func (s *socket) soFar() [][]byte {
	s.t.Helper()
	require.NoError(s.t, s.conn.WriteMessage(websocket.TextMessage, []byte(`{"message":"ping"}`)))
	var all [][]byte
	for {
		select {
		case data, open := <-s.frames:
			require.True(s.t, open, "the socket is closed")
			if bytes.Contains(data, []byte(`"pong"`)) {
				return all
			}
			all = append(all, data)
		case <-time.After(time.Minute):
			s.t.Fatal("no pong comes")
		}
	}
}
