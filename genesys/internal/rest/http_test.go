package rest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// pipes is a network in memory, so that a real server can run on virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve returns a Transport to a server that runs until the test ends.
func serve(t *testing.T, base string, h http.HandlerFunc) rest.Transport {
	t.Helper()
	network := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(network) })
	transport := &http.Transport{DialContext: network.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		group.Wait()
	})
	return rest.HTTP(&http.Client{Transport: transport}, base)
}

func TestThePlainTransportSpeaksHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, serve(t, "http://api.example.com/", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/oauth/token" {
				id, password, _ := r.BasicAuth()
				body, _ := io.ReadAll(r.Body)
				if r.Host != "login.example.com" || r.Method != http.MethodPost || id != "client" || password != secret ||
					string(body) != "grant_type=client_credentials" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				_, _ = io.WriteString(w, `{"access_token":"t","expires_in":86399}`)
				return
			}
			body, _ := io.ReadAll(r.Body)
			if r.Host != "api.example.com" || r.Header.Get("Authorization") != "Bearer t" || r.Header.Get("Content-Type") != "application/json" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_, _ = io.WriteString(w, `["`+r.Method+" "+r.URL.String()+`",`+string(body)+`]`)
		}))
		body, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/a%2Fb", Query: map[string][]string{"x": {"1"}}, Body: []byte(`{"a":1}`)})
		require.NoError(t, err)
		require.Equal(t, `["POST /api/v2/conversations/a%2Fb?x=1",{"a":1}]`, string(body))
	})
}

func TestALoginHostIsFoundAsTheSDKDoes(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.mypurecloud.de":       "https://login.mypurecloud.de/oauth/token",
		"https://API.mypurecloud.de/":      "https://login.mypurecloud.de/oauth/token",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080/oauth/token",
		"https://gateway.example.com/sub/": "https://gateway.example.com/sub/oauth/token",
		"https://my-api.example.com":       "https://my-api.example.com/oauth/token",
	} {
		require.Equal(t, want, rest.LoginURL(base))
	}
}

// withToken answers logins and leaves the rest to h.
func withToken(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":86399}`)
			return
		}
		h(w, r)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests int
		c := newClient(t, serve(t, "http://127.0.0.1", withToken(func(w http.ResponseWriter, r *http.Request) {
			requests++
			http.Redirect(w, r, "/api/v2/elsewhere", http.StatusMovedPermanently)
		})))
		_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/users", Body: []byte(`{}`)})
		require.True(t, genesys.HasStatus(err, 301))
		require.ErrorIs(t, err, rest.ErrRedirected)
		require.True(t, genesys.IsPermanent(err))
		require.Equal(t, 1, requests)
	})
}

func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, serve(t, "http://127.0.0.1", withToken(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"entities":[`)
		})))
		var e *genesys.APIError
		require.ErrorAs(t, call(t.Context(), c), &e)
		require.Zero(t, e.Status)
		require.ErrorIs(t, e, io.ErrUnexpectedEOF)
		require.False(t, e.Permanent())
	})
}

func TestAServerThatHangsDoesNotHoldTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, serve(t, "http://127.0.0.1", withToken(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, call(ctx, c), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestAnAnswerThatGrowsWithoutEndIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, serve(t, "http://127.0.0.1", withToken(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		})), func(c *rest.Config) { c.MaxBody = 1 << 20 })
		require.ErrorIs(t, call(t.Context(), c), rest.ErrTooLarge)
	})
}

func TestAPasswordWithOddCharactersReachesTheLoginHost(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, got, _ = r.BasicAuth() }))
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	_, err := rest.HTTP(client, server.URL).Login(t.Context(), "id", "p:ä%&+ =")
	require.NoError(t, err)
	require.Equal(t, "p:ä%&+ =", got)
}

func TestEntitiesGoThroughAllPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		pages := []string{`{"entities":[{"id":"a"},{"id":"b"}],"pageCount":3}`, `{"entities":[{"id":"c"}],"pageCount":3}`, `{"entities":[{"id":"d"}],"pageCount":3}`}
		c := newClient(t, &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			asked = append(asked, o.Path)
			return rest.Answer{Status: 200, Body: []byte(pages[len(asked)-1])}, nil
		}})
		type entity struct{ ID string }
		var ids string
		for e, err := range rest.Entities[entity](t.Context(), c, genesys.Request{Path: "/api/v2/users", Query: map[string][]string{"state": {"active"}}}) {
			require.NoError(t, err)
			ids += e.ID
		}
		require.Equal(t, "abcd", ids)
		require.Equal(t, "/api/v2/users?pageNumber=3&pageSize=100&state=active", asked[2])
		require.Len(t, asked, 3)
	})
}

func TestEntitiesEndAtAnErrorAtAnEmptyPageAndWhenTheReaderStops(t *testing.T) {
	for name, c := range map[string]struct {
		pages        []string
		take         int
		calls, found int
		fails        bool
	}{
		"an empty page":    {[]string{`{"entities":[{}],"pageCount":9}`, `{"entities":[],"pageCount":9}`}, 100, 2, 1, false},
		"no list":          {[]string{`{}`}, 100, 1, 0, true},
		"another object":   {[]string{`{"message":"please sign in"}`}, 100, 1, 0, true},
		"half a page":      {[]string{`{"entities":[{},{`}, 100, 1, 0, true},
		"a null list":      {[]string{`{"entities":null}`}, 100, 1, 0, true},
		"not JSON":         {[]string{`{"entities":[{}],"pageCount":9}`, `<html>` + person}, 100, 2, 1, true},
		"the reader stops": {[]string{`{"entities":[{},{},{}],"pageCount":9}`}, 2, 1, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &platform{}
				p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
					return rest.Answer{Status: 200, Body: []byte(c.pages[nth-1])}, nil
				}
				found, failed := 0, false
				for _, err := range rest.Entities[struct{}](t.Context(), newClient(t, p), genesys.Request{Path: "/api/v2/users"}) {
					if err != nil {
						require.NotContains(t, err.Error(), person)
						failed = true
						continue
					}
					if found++; found == c.take {
						break
					}
				}
				require.Equal(t, []any{c.calls, c.found, c.fails}, []any{p.count(), found, failed})
			})
		})
	}
}
