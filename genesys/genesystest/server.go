package genesystest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// memoryHost is the host of a server on the in-memory network.
const memoryHost = "simulator.localhost"

// Server is a simulated Genesys Cloud. All methods are safe for concurrent use.
type Server struct {
	config
	url    string
	memory *memoryListener // nil on a socket
	http   *http.Server
	mux    *http.ServeMux

	dice      *dice
	tokens    *tokens
	logins    *logins
	desktop   desktop
	rights    *rights
	limits    *limits
	channels  *channels
	stage     *stage
	directory *directory
	jobs      *jobs
	flows     *flows
	faults    *Faults
	requests  *requestLog
	bridge    *bridge
	counts    counts
	api       *rest.Client

	ctx  context.Context // ends with Close
	stop context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // everything that Close waits for
	clients []*http.Client // made by API
}

// NewServer starts a server for a test. It is closed when the test ends.
func NewServer(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server for a program, which calls Close in the end.
func Start(opts ...Option) (*Server, error) {
	s := &Server{config: defaults()}
	for _, o := range opts {
		o(&s.config)
	}
	var listener net.Listener
	if s.config.memory {
		s.memory = newMemoryListener()
		listener = s.memory
	} else {
		var err error
		if listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.addr); err != nil {
			return nil, fmt.Errorf("genesystest: %w", err)
		}
	}
	s.url = "http://" + reachable(listener.Addr())
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.dice = newDice(s.seed)
	s.tokens = newTokens(s)
	s.logins = newLogins()
	s.rights = &rights{byUser: map[string][]string{}}
	s.limits = newLimits(s.perMinute)
	s.channels = newChannels(s)
	s.stage = newStage(s)
	s.directory = newDirectory(s.config)
	s.jobs = newJobs(s)
	s.flows = newFlows(s)
	s.faults = newFaults(s)
	s.requests = newRequestLog(s.keep)
	s.bridge = newBridge(s)
	var err error
	if s.api, err = s.newAPI(); err != nil {
		_ = listener.Close()
		s.stop()
		return nil, fmt.Errorf("genesystest: %w", err)
	}
	s.mux = http.NewServeMux()
	s.routes()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() {
		_ = s.http.Serve(listener) // it ends with Close, and then always fails
	})
	return s, nil
}

// reachable is the address to connect to: a server that listens on all
// interfaces is reached on the loopback interface.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return addr.String()
}

// Close ends all connections and everything that plays. It returns when
// nothing of the server runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	clients := s.clients
	s.mu.Unlock()
	if !again {
		s.stop()
		s.channels.closeAll()
		_ = s.http.Close()
		s.api.Close()
		for _, c := range clients {
			c.CloseIdleConnections()
		}
	}
	s.running.Wait()
}

// goes runs do until it returns, unless the server is closed already. Close
// waits for it.
func (s *Server) goes(do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Go(do)
	return true
}

// URL is the base path of the API and of the login, without a slash at its
// end.
func (s *Server) URL() string { return s.url }

// Credentials are the id and the secret of the OAuth client: the first one, when
// there are several.
func (s *Server) Credentials() (id, secret string) { return s.clientID, s.clientSecret }

// OrganizationID is the id of the organisation.
func (s *Server) OrganizationID() string { return s.organization }

// DialContext connects to the server, whatever the address. It fits
// [http.Transport] and the NetDialContext of gorilla/websocket, and is the only
// way to a server that is [InMemory].
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.memory != nil {
		return s.memory.dial(ctx)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.url[len("http://"):])
}

// HTTPClient returns a new client that reaches the server, also when it is
// [InMemory]. Close ends its idle connections.
func (s *Server) HTTPClient() *http.Client {
	c := &http.Client{Transport: &http.Transport{DialContext: s.DialContext, MaxIdleConnsPerHost: 16}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
	return c
}
