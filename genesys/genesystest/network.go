package genesystest

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// memoryListener is a network without sockets. Everything that blocks in it
// blocks durably in the sense of testing/synctest, so virtual time moves on.
type memoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr(memoryHost) }

func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	up, down := newStream(), newStream()
	select {
	case l.conns <- &memoryConn{in: up, out: down}:
		return &memoryConn{in: down, out: up}, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: ctx.Err()}
	}
}

type memoryAddr string

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return string(a) }

// memoryConn is one end of a connection: two streams.
type memoryConn struct{ in, out *stream }

func (c *memoryConn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *memoryConn) Write(b []byte) (int, error) { return c.out.write(b) }

func (c *memoryConn) Close() error {
	c.in.end(func(s *stream) { s.readerGone = true })
	c.out.end(func(s *stream) { s.writerGone = true })
	return nil
}

// reset ends the connection as a lost peer does: what is on its way is lost.
func (c *memoryConn) reset() {
	for _, s := range []*stream{c.in, c.out} {
		s.end(func(s *stream) { s.broken = true })
	}
}

func (c *memoryConn) LocalAddr() net.Addr  { return memoryAddr(memoryHost) }
func (c *memoryConn) RemoteAddr() net.Addr { return memoryAddr(memoryHost) }

func (c *memoryConn) SetDeadline(t time.Time) error {
	return firstError(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// streamSize is how much a writer may be ahead of its reader, as in a socket's
// buffers.
const streamSize = 64 << 10

// stream carries bytes in one direction.
type stream struct {
	mu              sync.Mutex
	changed         *sync.Cond
	data            bytes.Buffer
	readBy, writeBy deadline
	readerGone      bool
	writerGone      bool
	broken          bool
}

type deadline struct {
	timer  *time.Timer
	passed bool
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerGone:
			return 0, net.ErrClosed
		case s.broken:
			return 0, syscall.ECONNRESET
		case s.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		case s.data.Len() > 0:
			s.changed.Broadcast()
			return s.data.Read(b)
		case s.writerGone:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.writerGone:
			return n, net.ErrClosed
		case s.broken, s.readerGone:
			return n, syscall.EPIPE
		case s.writeBy.passed:
			return n, os.ErrDeadlineExceeded
		}
		m, _ := s.data.Write(b[n:min(len(b), n+streamSize-s.data.Len())]) // a buffer's Write does not fail
		n += m
		if m > 0 {
			s.changed.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		s.changed.Wait()
	}
}

func (s *stream) end(how func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
	if s.readerGone || s.broken {
		s.data.Reset()
	}
	s.changed.Broadcast()
}

func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.passed = nil, false
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		d.passed = true
	default:
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.timer == timer {
				d.passed = true
				s.changed.Broadcast()
			}
		})
		d.timer = timer
	}
	s.changed.Broadcast()
}

// cut ends a connection without a word, as a network that fails does.
func cut(c net.Conn) {
	switch c := c.(type) {
	case *memoryConn:
		c.reset()
	case *net.TCPConn:
		_ = c.SetLinger(0) // sends a reset; should it fail, the plain close below remains
	}
	_ = c.Close()
}
