package rest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret = "canary-secret-6a1f"
	person = "canary.person@example.com"
)

// platform is a Transport that stands for the platform. Its funcs answer the
// requests; nil: a 200, and tokens t1, t2 … that live for a day. A 200 without
// a body gets an empty object.
type platform struct {
	// do answers the nth request, from 1.
	do    func(ctx context.Context, nth int, o rest.Outgoing) (rest.Answer, error)
	login func(ctx context.Context, n int) (rest.Answer, error)

	mu     sync.Mutex
	sent   []time.Time
	tokens []string
	logins []time.Time
}

func (p *platform) Do(ctx context.Context, o rest.Outgoing) (rest.Answer, error) {
	p.mu.Lock()
	p.sent, p.tokens = append(p.sent, time.Now()), append(p.tokens, o.Token)
	nth := len(p.sent)
	p.mu.Unlock()
	a := rest.Answer{Status: 200}
	if p.do != nil {
		var err error
		if a, err = p.do(ctx, nth, o); err != nil {
			return a, err
		}
	}
	if a.Status == 200 && a.Body == nil {
		a.Body = []byte(`{}`)
	}
	return a, nil
}

func (p *platform) Login(ctx context.Context, _, _ string) (rest.Answer, error) {
	p.mu.Lock()
	p.logins = append(p.logins, time.Now())
	n := len(p.logins)
	p.mu.Unlock()
	if p.login != nil {
		return p.login(ctx, n)
	}
	return tokenAnswer(n, 24*time.Hour), nil
}

func (p *platform) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

func (p *platform) loginCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.logins)
}

func tokenAnswer(n int, life time.Duration) rest.Answer {
	return rest.Answer{Status: 200, Body: fmt.Appendf(nil, `{"access_token":"t%d","token_type":"bearer","expires_in":%d}`, n, int(life.Seconds()))}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func limits(count, allowed int, reset time.Duration) http.Header {
	return header("inin-ratelimit-count", strconv.Itoa(count), "inin-ratelimit-allowed", strconv.Itoa(allowed),
		"inin-ratelimit-reset", strconv.Itoa(int(reset.Seconds())))
}

func newClient(t *testing.T, p rest.Transport, change ...func(*rest.Config)) *rest.Client {
	t.Helper()
	c := rest.Config{Transport: p, ClientID: "client", ClientSecret: secret, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&c)
	}
	client, err := rest.New(c)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

var ping = genesys.Request{Path: "/api/v2/organizations/me"}

func call(ctx context.Context, c *rest.Client) error {
	_, err := c.Call(ctx, ping)
	return err
}
