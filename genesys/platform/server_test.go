package platform_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/platform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
	secret   = "canary-secret-6a1f"
	token    = "canary-token-77b0"
	person   = "canary.person@example.com"
)

// cloud is a server that gives tokens and leaves the rest to h.
type cloud struct {
	*httptest.Server
	life   atomic.Int64  // of a token, in seconds
	down   atomic.Bool   // the login host answers 503
	logins atomic.Int64  // requests for a token
	calls  atomic.Int64  // other requests
	shut   chan struct{} // closed before the server waits for its handlers
}

func newCloud(t *testing.T, h http.HandlerFunc) *cloud {
	t.Helper()
	c := &cloud{shut: make(chan struct{})}
	c.life.Store(86399)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth/token" {
			c.calls.Add(1)
			h(w, r)
			return
		}
		c.logins.Add(1)
		id, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		switch {
		case c.down.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Method != http.MethodPost || string(body) != "grant_type=client_credentials" || id != clientID || password != secret:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_client","description":"client not found: `+id+`","error_description":"`+person+`"}`)
		default:
			fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":%d}`, token, c.life.Load())
		}
	}))
	t.Cleanup(func() {
		close(c.shut)
		c.Server.Close()
	})
	return c
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// echo answers with a JSON string, as the API answers with JSON alone.
func echo(w http.ResponseWriter, format string, args ...any) {
	_ = json.NewEncoder(w).Encode(fmt.Sprintf(format, args...))
}

// echoed is what echo was given.
func echoed(t *testing.T, answer []byte) (text string) {
	t.Helper()
	require.NoError(t, json.Unmarshal(answer, &text))
	return text
}

func connect(t *testing.T, url string, change ...func(*platform.Config)) *platform.Client {
	t.Helper()
	c := platform.Config{BaseURL: url, ClientID: clientID, ClientSecret: secret, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&c)
	}
	client, err := platform.New(c)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

var ping = genesys.Request{Path: "/api/v2/organizations/me"}

// eventually repeats ok until it holds.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, 10*time.Millisecond)
}
