package genesystest

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// socket is an open WebSocket of a channel (protocol 8.7). The goroutine of
// its handler reads, another one writes.
type socket struct {
	server  *Server
	channel *channel
	queue   *frameQueue
	silent  atomic.Bool // a fault: it says nothing, and stays open

	leave   sync.Once
	leaving chan struct{} // closed by end
	goodbye []byte
	gone    sync.Once
	over    chan struct{} // closed by cut

	mu   sync.Mutex
	conn *websocket.Conn // nil: the client has no answer yet; it does not change afterwards
}

// The names of the messages about the channel itself (protocol 2.5).
const (
	topicMetadata      = "channel.metadata"
	topicSocketClosing = "v2.system.socket_closing"
)

// connect answers the opening of a WebSocket at a connectUri. It serves the
// socket until it ends.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	var so *socket
	s.logged("/channels/{id}", func(w http.ResponseWriter, r *http.Request) (status int) {
		so, status = s.open(w, r)
		return status
	})(w, r)
	if so != nil {
		so.serve()
	}
}

// open upgrades the connection; a second one to a channel closes the first. What is
// sent as soon as the client knows that the socket is open is for this socket.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (*socket, int) {
	so := &socket{server: s, queue: newFrameQueue(), leaving: make(chan struct{}), over: make(chan struct{})}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	if !websocket.IsWebSocketUpgrade(r) {
		_, _ = upgrader.Upgrade(w, r, nil) // it says what is missing
		return nil, http.StatusBadRequest
	}
	s.channels.mu.Lock()
	ch := s.channels.find(r.PathValue("id"))
	if ch == nil || s.ctx.Err() != nil {
		s.channels.mu.Unlock()
		a := notFound("channel")
		a.write(w, s.dice.uuid())
		return nil, a.status
	}
	first := ch.socket
	ch.socket, so.channel = so, ch
	s.channels.mu.Unlock()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		so.leaveTo(first)
		return nil, http.StatusBadRequest // the upgrader has answered
	}
	if first != nil {
		first.end(websocket.CloseNormalClosure, "another connection")
	}
	if !so.begin(conn) {
		so.leaveTo(nil)
		return nil, http.StatusSwitchingProtocols
	}
	return so, http.StatusSwitchingProtocols
}

// begin takes the connection. It reports false when the socket is cut already.
func (so *socket) begin(conn *websocket.Conn) bool {
	so.mu.Lock()
	defer so.mu.Unlock()
	so.conn = conn
	select {
	case <-so.over:
		cut(conn.NetConn())
		return false
	default:
		return true
	}
}

// leaveTo gives the channel to another socket, or to none, unless it has another
// one already.
func (so *socket) leaveTo(other *socket) {
	cs := so.server.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if so.channel.socket == so {
		so.channel.socket = other
	}
}

// serve reads until the socket ends. It answers pings and ignores everything
// else that the client says.
func (so *socket) serve() {
	var writing sync.WaitGroup
	writing.Go(so.write)
	so.conn.SetReadLimit(64 << 10)
	so.conn.SetPingHandler(func(data string) error {
		if so.silent.Load() {
			return nil
		}
		return so.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTime))
	})
	for {
		_, text, err := so.conn.ReadMessage()
		if err != nil {
			break
		}
		var said struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(text, &said) == nil && said.Message == "ping" {
			so.say(metadata("pong"))
		}
	}
	so.cut()
	writing.Wait()
	so.leaveTo(nil)
}

// writeTime is how long a client may take to read what fills its connection.
const writeTime = 30 * time.Second

func (so *socket) write() {
	var heartbeat <-chan time.Time
	if every := so.server.heartbeat; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		heartbeat = ticker.C
	}
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-so.over:
			return
		case <-so.leaving:
			so.flush()
			_ = so.conn.WriteControl(websocket.CloseMessage, so.goodbye, time.Now().Add(time.Second)) // it closes anyway
			so.gone.Do(func() {
				close(so.over)
				_ = so.conn.Close()
			})
			return
		case <-heartbeat:
			so.say(metadata("WebSocket Heartbeat"))
		case <-so.queue.wake:
		case <-due.C:
		}
		wait, alive := so.flush()
		if !alive {
			so.cut()
			return
		}
		if left := so.lifetime(); left <= 0 {
			so.end(websocket.CloseGoingAway, "channel expired")
			wait = Never
		} else if wait == Never || left < wait {
			wait = left
		}
		if wait != Never {
			due.Reset(wait)
		}
	}
}

// flush sends what is due and returns how long nothing else is; false when the
// connection is lost.
func (so *socket) flush() (wait time.Duration, alive bool) {
	for {
		f, wait := so.queue.take()
		if f.data == nil {
			return wait, true
		}
		if so.silent.Load() {
			continue
		}
		_ = so.conn.SetWriteDeadline(time.Now().Add(writeTime)) // of the connection below; it fails when writing fails
		if err := so.conn.WriteMessage(websocket.TextMessage, f.data); err != nil {
			return 0, false
		}
		so.server.counts.sent.Add(1)
	}
}

// lifetime is how long the channel still lives.
func (so *socket) lifetime() time.Duration {
	cs := so.server.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return time.Until(so.channel.expires)
}

func (so *socket) wakeUp() { so.queue.wakeUp() }

// say sends a message about the channel itself: the frame faults leave it alone.
func (so *socket) say(data []byte) { so.add(data, 0) }

func (so *socket) add(data []byte, delay time.Duration) {
	if !so.queue.add(frame{data: data, due: time.Now().Add(delay)}) {
		so.cut()
	}
}

// end asks the writer to close the socket with a closing frame. It does not
// wait. A silent socket is left open, as a peer that was lost leaves it.
func (so *socket) end(code int, reason string) {
	if so.silent.Load() {
		return
	}
	so.leave.Do(func() {
		so.goodbye = websocket.FormatCloseMessage(code, reason)
		so.mu.Lock()
		if so.conn != nil {
			_ = so.conn.NetConn().SetWriteDeadline(time.Now().Add(time.Second)) // should the writer be stuck
		}
		so.mu.Unlock()
		close(so.leaving)
	})
}

// cut ends the socket without a word, once.
func (so *socket) cut() {
	so.gone.Do(func() {
		so.mu.Lock()
		defer so.mu.Unlock()
		close(so.over)
		if so.conn != nil {
			cut(so.conn.NetConn())
		}
	})
}

func metadata(message string) []byte {
	return encode(struct {
		TopicName string `json:"topicName"`
		EventBody Object `json:"eventBody"`
	}{topicMetadata, Object{"message": message}})
}

// systemFrame is a message of the system about a channel.
func systemFrame(topic string, body Object) []byte {
	return encode(notification{TopicName: topic, Version: "2", EventBody: body})
}
