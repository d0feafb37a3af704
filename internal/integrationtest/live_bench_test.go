package integrationtest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// stores are those that the live path is measured on.
var stores = []struct {
	name string
	open func(b *testing.B) store.Store
}{
	{"memory", func(*testing.B) store.Store { return memstore.New() }},
	{"sqlite", func(b *testing.B) store.Store {
		s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "live.db"), nil)
		require.NoError(b, err)
		return s
	}},
}

// BenchmarkLiveThroughput measures how many notifications a second get from a
// socket into the store, of 500 conversations that change all the time. What
// arrives of a conversation while it is being stored is joined.
func BenchmarkLiveThroughput(b *testing.B) {
	for _, s := range stores {
		b.Run(s.name, func(b *testing.B) {
			l := newStreamer(b, s.open(b), nil)
			frames := make([][]byte, 4000)
			for i := range frames {
				frames[i] = genesystest.Notification(fmt.Sprintf("c-%d", i%500), 4, i/500)
			}
			b.ResetTimer()
			for i := range b.N {
				l.send(frames[i%len(frames)])
			}
			l.flush(b)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "notifications/s")
			b.ReportMetric(float64(l.stored.Load())/float64(b.N), "stored/notification")
		})
	}
}

// BenchmarkLiveLatency measures how long it takes from the arrival of a frame
// to its After hook, at a hundred new conversations a second.
func BenchmarkLiveLatency(b *testing.B) {
	for _, s := range stores {
		b.Run(s.name, func(b *testing.B) {
			var mu sync.Mutex
			sent, took := map[string]time.Time{}, []time.Duration{}
			hooks := events.NewHooks()
			events.After(hooks, "measure", func(_ context.Context, e *events.ConversationCreated) error {
				now := time.Now()
				mu.Lock()
				defer mu.Unlock()
				took = append(took, now.Sub(sent[e.ConversationID]))
				return nil
			})
			l := newStreamer(b, s.open(b), hooks)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			b.ResetTimer()
			for i := range b.N {
				id := fmt.Sprintf("c-%d", i)
				frame := genesystest.Notification(id, 4, 0)
				<-tick.C
				mu.Lock()
				sent[id] = time.Now()
				mu.Unlock()
				l.send(frame)
			}
			for done := false; !done; {
				time.Sleep(time.Millisecond)
				mu.Lock()
				done = len(took) == b.N
				mu.Unlock()
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// streamer is a platform that only streams, and a tracker that listens to it.
type streamer struct {
	socket chan *websocket.Conn
	conn   *websocket.Conn
	sent   int64
	heard  *notifications.Source
	stored atomic.Int64
}

func newStreamer(b *testing.B, s store.Store, hooks *events.Hooks) *streamer {
	l := &streamer{socket: make(chan *websocket.Conn, 1)}
	streaming := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		conn, err := up.Upgrade(w, r, nil)
		if err == nil {
			l.socket <- conn
		}
	}))
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(b, err)
	l.heard, err = notifications.New(notifications.Config{API: streamingAPI(streaming.URL), Topics: notifications.UserTopics("u"), Logger: quiet,
		DialContext: (&net.Dialer{}).DialContext})
	require.NoError(b, err)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	counting := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
		return l.heard.Run(ctx, func(ctx context.Context, u conversation.Update) error {
			err := sink(ctx, u)
			l.stored.Add(int64(len(u.Conversations)))
			return err
		})
	})
	go func() { ended <- tracker.Run(ctx, counting) }()
	l.conn = <-l.socket
	b.Cleanup(func() {
		stop()
		require.NoError(b, <-ended)
		_ = l.conn.Close()
		streaming.Close()
		require.NoError(b, s.Close())
	})
	return l
}

func (l *streamer) send(frame []byte) {
	if err := l.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
		panic(err)
	}
	l.sent++
}

// flush waits until everything that was sent is stored.
func (l *streamer) flush(b *testing.B) {
	for {
		is := l.heard.Stats()
		require.Zero(b, is.Dropped)
		if is.Frames == l.sent && is.Pending == 0 {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// streamingAPI is a REST API that has one channel.
type streamingAPI string

func (a streamingAPI) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	switch {
	case r.Verb() == http.MethodPost && strings.HasSuffix(r.Path, "/channels"):
		return fmt.Appendf(nil, `{"id":"channel","connectUri":%q}`, "ws"+strings.TrimPrefix(string(a), "http")), nil
	default:
		return []byte(`{"entities":[]}`), nil
	}
}
