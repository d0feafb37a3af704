// Package resttest holds the tests that every [rest.Transport] must pass.
package resttest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// Origin is what precedes /api/v2 in the tests; its login host is
// login.good.test. No name is resolved.
const Origin = "https://api.good.test"

// NoRedirectIsFollowed tests that a Transport hands out every redirect as the
// answer, whatever its code and target, with and without a proxy. newTransport
// returns a Transport for Origin that connects with the given one.
func NoRedirectIsFollowed(t *testing.T, newTransport func(*http.Transport) rest.Transport) {
	n := newNetwork(t)
	for proxied, client := range map[string]*http.Transport{"direct": n.transport(false), "through a proxy": n.transport(true)} {
		transport := newTransport(client)
		for _, code := range []int{300, 301, 302, 303, 304, 305, 306, 307, 308} {
			for name, target := range targets {
				for request, send := range requests {
					t.Run(fmt.Sprintf("%s/%d/%s/%s", request, code, name, proxied), func(t *testing.T) {
						n.redirect(code, target)
						answer, err := send(t.Context(), transport)
						require.NoError(t, err)
						require.Equal(t, code, answer.Status)
						require.Equal(t, []string{"https"}, n.requests(), "the first request and no other")
					})
				}
			}
		}
	}
}

// targets are the places that the host redirects to. HOST is its own name.
var targets = map[string]string{
	"the same host":                 "https://HOST/moved",
	"another path":                  "/moved",
	"a subdomain":                   "https://sub.HOST/moved",
	"the domain above":              "https://good.test/moved",
	"another host":                  "https://other.test/moved",
	"another port":                  "https://HOST:8443/moved",
	"in clear text on its own port": "http://HOST:443/moved",
	"in clear text":                 "http://HOST/moved",
	"another host in clear text":    "http://other.test/moved",
}

// requests are those that carry a credential.
var requests = map[string]func(context.Context, rest.Transport) (rest.Answer, error){
	"login": func(ctx context.Context, t rest.Transport) (rest.Answer, error) { return t.Login(ctx, "id", "secret") },
	"GET": func(ctx context.Context, t rest.Transport) (rest.Answer, error) {
		return t.Do(ctx, rest.Outgoing{Method: http.MethodGet, Path: "/api/v2/users", Token: "token", MaxBody: 1 << 10})
	},
	"POST": func(ctx context.Context, t rest.Transport) (rest.Answer, error) {
		return t.Do(ctx, rest.Outgoing{Method: http.MethodPost, Path: "/api/v2/users", Token: "token", Body: []byte(`{}`), MaxBody: 1 << 10})
	},
}

// network is all hosts there are: one server for https, one for http, which is
// the proxy, too.
type network struct {
	secure, plain *httptest.Server

	mu     sync.Mutex
	code   int
	target string
	seen   []string // the scheme of each request
}

func newNetwork(t *testing.T) *network {
	n := &network{}
	n.secure, n.plain = httptest.NewTLSServer(http.HandlerFunc(n.answer)), httptest.NewServer(http.HandlerFunc(n.answer))
	t.Cleanup(n.secure.Close)
	t.Cleanup(n.plain.Close)
	return n
}

// transport connects to the network, whatever the name of the host is.
func (n *network) transport(proxied bool) *http.Transport {
	dial := func(ctx context.Context, to *httptest.Server) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.Listener.Addr().String())
	}
	insecure := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the names are invented
	transport := &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: insecure,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, n.plain) },
	}
	if proxied {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test"})
		return transport
	}
	transport.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := dial(ctx, n.secure)
		if err != nil {
			return nil, err
		}
		return tls.Client(conn, insecure), nil
	}
	return transport
}

func (n *network) redirect(code int, target string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.code, n.target, n.seen = code, target, nil
}

func (n *network) requests() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen
}

func (n *network) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		n.tunnel(w)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	n.seen = append(n.seen, scheme)
	if strings.HasSuffix(r.URL.Path, "/moved") {
		return
	}
	w.Header().Set("Location", strings.Replace(n.target, "HOST", r.Host, 1))
	w.WriteHeader(n.code)
}

// tunnel is what a proxy does for https.
func (n *network) tunnel(w http.ResponseWriter) {
	there, err := net.Dial("tcp", n.secure.Listener.Addr().String())
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = there.Close() }()
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = here.Close() }()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(here, there)
		_ = here.SetReadDeadline(time.Now()) // ends the other direction
	})
	_, _ = io.Copy(there, here)
	_ = there.Close()
	back.Wait()
}
