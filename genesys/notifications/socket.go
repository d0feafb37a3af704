package notifications

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

var (
	// errGone: the platform does not know the channel any more.
	errGone = errors.New("the channel has expired or was evicted")
	// errRefused: the platform did not accept the connection.
	errRefused = errors.New("the streaming host refuses the socket")
	// errSilent: nothing arrived for longer than heartbeats allow.
	errSilent = errors.New("the socket is silent although heartbeats are due")
)

// errRefusedSocket is the answer with which a connection was not accepted.
type errRefusedSocket struct {
	code   int
	status string
}

func (e errRefusedSocket) Error() string { return fmt.Sprintf("%v: %s", errRefused, e.status) }

func (e errRefusedSocket) Unwrap() error { return errRefused }

// final reports whether the answer is not known to pass.
func (e errRefusedSocket) final() bool {
	switch e.code {
	case http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.code >= http.StatusBadRequest && e.code < http.StatusInternalServerError
}

// mostFrame is how large a frame may be.
const mostFrame = 64 << 20

// socket is the WebSocket of a channel.
type socket struct {
	conn   *websocket.Conn
	opened time.Time
	heard  atomic.Pointer[time.Time] // when the last frame arrived
	ended  chan struct{}             // closed when reading has ended
	err    error                     // why; valid then
	asking sync.Mutex                // held while something is written
}

// dial connects to the channel. The address is the credential, so it must not
// travel in the clear, nor reach an error or a log.
func dial(ctx context.Context, open func(ctx context.Context, network, address string) (net.Conn, error), address string) (*socket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address of the channel is not a URL")
	}
	if u.Scheme != "wss" && (u.Scheme != "ws" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("the address of the channel has the scheme %q; it must be wss, as it is a credential", u.Scheme)
	}
	var shaking *handshake
	d := websocket.Dialer{HandshakeTimeout: 15 * time.Second, Proxy: http.ProxyFromEnvironment,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := open(ctx, network, address)
			if err != nil {
				return nil, err
			}
			shaking = &handshake{Conn: conn, left: mostHandshake}
			return shaking, nil
		}}
	conn, answer, err := d.DialContext(ctx, address, nil)
	if answer != nil {
		_ = answer.Body.Close()
	}
	switch {
	case err == nil:
	case answer != nil:
		return nil, errRefusedSocket{answer.StatusCode, answer.Status}
	default:
		return nil, fmt.Errorf("the streaming host cannot be reached: %w", withoutAddress(err))
	}
	shaking.over = true
	conn.SetReadLimit(mostFrame)
	now := time.Now()
	s := &socket{conn: conn, opened: now, ended: make(chan struct{})}
	s.heard.Store(&now)
	return s, nil
}

// mostHandshake is how much is read during a handshake, TLS and a proxy's included:
// the headers of an answer have no limit of their own.
const mostHandshake = 256 << 10

// handshake is a connection that limits how much is read from it until the
// handshake is over.
type handshake struct {
	net.Conn
	left int
	over bool
}

var errEndlessHandshake = errors.New("the answer to the handshake is too large")

// Read implements net.Conn.
func (h *handshake) Read(p []byte) (int, error) {
	if h.over {
		return h.Conn.Read(p)
	}
	if h.left == 0 {
		return 0, errEndlessHandshake
	}
	n, err := h.Conn.Read(p[:min(len(p), h.left)])
	h.left -= n
	return n, err
}

// loopback reports whether a host is this machine (RFC 6761).
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// withoutAddress removes the address from an error.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// lastHeard returns when the last frame arrived.
func (s *socket) lastHeard() time.Time { return *s.heard.Load() }

// mostKept is the size of the largest buffer that is kept for the next frame.
const mostKept = 1 << 20

// read gives each frame to take, until the socket ends. take must not keep it.
func (s *socket) read(take func(frame []byte, read time.Time)) {
	defer close(s.ended)
	defer func() { _ = s.conn.Close() }()
	var frame bytes.Buffer
	for {
		if frame.Reset(); frame.Cap() > mostKept {
			frame = bytes.Buffer{}
		}
		_, r, err := s.conn.NextReader()
		if err == nil {
			_, err = frame.ReadFrom(r)
		}
		if err != nil {
			if s.err = closed(err); time.Since(s.lastHeard()) >= deadAfter {
				s.err = errSilent
			}
			return
		}
		now := time.Now()
		s.heard.Store(&now)
		take(frame.Bytes(), now)
	}
}

// closed returns the reason for which a socket ended.
func closed(err error) error {
	var c *websocket.CloseError
	if errors.As(err, &c) {
		return fmt.Errorf("the platform closed the socket with code %d", c.Code)
	}
	return fmt.Errorf("the connection was lost: %w", err)
}

// watch pings a socket that is quiet, and closes one that stays silent. It returns
// when the socket has ended.
func (s *socket) watch() {
	asked := false
	for {
		quiet := time.Since(s.lastHeard())
		wait := askAfter - quiet
		switch {
		case quiet >= deadAfter:
			_ = s.conn.Close()
			<-s.ended
			return
		case quiet < askAfter:
			asked = false
		case !asked:
			asked = true
			s.ask()
			fallthrough
		default:
			wait = deadAfter - quiet
		}
		select {
		case <-s.ended:
			return
		case <-time.After(wait):
		}
	}
}

// retiredFor is how long a socket that was replaced is still read, for messages on
// their way: the platform closes it by itself (protocol 2.5), but does not promise to.
const retiredFor = 10 * time.Second

// retire closes the socket soon.
func (s *socket) retire() {
	time.AfterFunc(retiredFor, func() { _ = s.conn.Close() })
}

// proveAlive asks for a sign of life and waits for it up to a second, so that
// lastHeard is recent.
func (s *socket) proveAlive() {
	last := s.lastHeard()
	s.ask()
	for began := time.Now(); s.lastHeard().Equal(last) && time.Since(began) < time.Second; {
		select {
		case <-s.ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ask sends a ping, which the platform answers (protocol 2.5).
func (s *socket) ask() {
	s.asking.Lock()
	defer s.asking.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(deadAfter - askAfter))
	_ = s.conn.WriteMessage(websocket.TextMessage, []byte(`{"message":"ping"}`)) // if it fails, reading does too
}
