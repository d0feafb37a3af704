package platform_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
	"github.com/dcmkit/convtrack/genesys/platform"
)

// Trap 14: the SDK returns nil for 429 and 5xx.
func TestAThrottledCallShowsRetryAfterAndHoldsTheNextOne(t *testing.T) {
	t.Parallel()
	var throttled, again atomic.Int64
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		if throttled.CompareAndSwap(0, time.Now().UnixNano()) {
			answer(429, `{"code":"too.many.requests","message":"Rate limit exceeded"}`, "Retry-After", "1", "ININ-Correlation-Id", "c-1")(w, r)
			return
		}
		again.Store(time.Now().UnixNano())
		echo(w, "")
	})
	c := connect(t, s.URL)
	_, err := c.Call(t.Context(), ping)
	require.Equal(t, &genesys.APIError{
		Method: "GET", Path: ping.Path, Status: 429, Code: "too.many.requests", CorrelationID: "c-1", RetryAfter: time.Second,
	}, err)
	require.EqualValues(t, 1, s.calls.Load(), "the SDK has not repeated the call")
	_, err = c.Call(t.Context(), ping)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Duration(again.Load()-throttled.Load()), time.Second)
	require.EqualValues(t, 1, c.Stats().Throttled)
}

// Trap 14.
func TestTheStatusOfEveryFailureIsVisible(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 409, 413, 500, 501, 502, 503, 504, 599} {
		s := newCloud(t, answer(status, `{"code":"some.code","message":"`+person+`"}`, "ININ-Correlation-Id", "c-1"))
		_, err := connect(t, s.URL).Call(t.Context(), ping)
		require.Equal(t, &genesys.APIError{Method: "GET", Path: ping.Path, Status: status, Code: "some.code", CorrelationID: "c-1"}, err)
		require.EqualValues(t, 1, s.calls.Load())
	}
}

func TestAnErrorPageIsNotTakenForAnAnswer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>" + person, "null"} {
		_, err := connect(t, newCloud(t, answer(502, body)).URL).Call(t.Context(), ping)
		require.EqualError(t, err, "genesys: GET /api/v2/organizations/me: 502 Bad Gateway")
	}
}

// Trap 15: the SDK's own renewal of the token panics, and with it the process.
func TestALoginHostThatFailsDoesNotStopCallsAndEndsNoProcess(t *testing.T) {
	t.Parallel()
	s := newCloud(t, answer(200, `{}`))
	s.life.Store(5)
	c := connect(t, s.URL)
	var err error
	refused := func() bool { // whether a token was refused while the one before was valid
		eventually(t, func() bool { _, err = c.Call(t.Context(), ping); return err == nil })
		s.down.Store(true)
		before, valid := c.Stats().TokenErrors, c.Stats().TokenExpiry
		for time.Now().Before(valid) {
			_, err := c.Call(t.Context(), ping)
			now := time.Now().Before(valid)
			require.False(t, err != nil && now, "the old token is valid: %v", err)
			if now && c.Stats().TokenErrors > before {
				return true
			}
			time.Sleep(20 * time.Millisecond)
		}
		s.down.Store(false) // the machine was too busy
		return false
	}
	eventually(t, refused)
	eventually(t, func() bool { _, err = c.Call(t.Context(), ping); return err != nil })
	require.True(t, genesys.HasStatus(err, 503))
	require.ErrorContains(t, err, "/oauth/token")
	s.down.Store(false)
	eventually(t, func() bool { _, err := c.Call(t.Context(), ping); return err == nil })
}

func TestRefusedCredentialsSayWhatToCheck(t *testing.T) {
	t.Parallel()
	s := newCloud(t, answer(200, `{}`))
	_, err := connect(t, s.URL, func(c *platform.Config) { c.ClientSecret = "canary-wrong" }).Call(t.Context(), ping)
	require.ErrorIs(t, err, genesys.ErrCredentials)
	require.True(t, genesys.IsPermanent(err))
	require.NotContains(t, err.Error(), "canary")
	require.Zero(t, s.calls.Load())
}

func TestARevokedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	var revoked atomic.Bool
	revoked.Store(true)
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		if revoked.CompareAndSwap(true, false) {
			answer(401, `{"code":"bad.credentials"}`)(w, r)
			return
		}
		echo(w, "")
	})
	_, err := connect(t, s.URL).Call(t.Context(), ping)
	require.NoError(t, err)
	require.EqualValues(t, 2, s.logins.Load())
	require.EqualValues(t, 2, s.calls.Load())
}

// Trap 15: one Configuration must not serve two calls at a time. The race
// detector is part of this test.
func TestParallelCallsGetEachItsOwnAnswer(t *testing.T) {
	t.Parallel()
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusForbidden)
		}
		if strings.HasSuffix(r.URL.Path, "7") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		echo(w, "%s %s", r.URL.Path, body)
	})
	c := connect(t, s.URL, func(c *platform.Config) { c.RequestsPerMinute = 10_000 })
	other := connect(t, s.URL) // a second client in the same process
	var group sync.WaitGroup
	for n := range 32 {
		group.Go(func() {
			for i := range 5 {
				path := fmt.Sprintf("/api/v2/conversations/%d-%d", i, n)
				body, err := c.Call(t.Context(), genesys.Request{Path: path, Body: fmt.Append(nil, n)})
				if n%10 == 7 {
					require.True(t, genesys.HasStatus(err, 500))
					continue
				}
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%s %d", path, n), echoed(t, body))
			}
			_, err := other.Call(t.Context(), ping)
			require.NoError(t, err)
		})
	}
	group.Wait()
}

func hang(s **cloud) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server watches the connection only then
		select {
		case <-r.Context().Done():
		case <-(*s).shut:
		}
	}
}

// The SDK has no context: a call of a server that hangs takes 16 s. The context
// ends only when the server has the request, however slow the machine is.
func TestTheEndOfTheContextEndsTheRequest(t *testing.T) {
	t.Parallel()
	arrived, gone := make(chan struct{}), make(chan struct{})
	var s *cloud
	s = newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			echo(w, "")
			return
		}
		close(arrived)
		hang(&s)(nil, r)
		close(gone)
	})
	c := connect(t, s.URL)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan time.Time, 1)
	go func() {
		<-arrived
		ended <- time.Now()
		cancel()
	}()
	_, err := c.Call(ctx, genesys.Request{Path: "/api/v2/flows/executions", Body: []byte(`{}`)})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(<-ended), 10*time.Second, "not the SDK's own limit")
	select {
	case <-gone: // the connection was closed, not just forgotten
	case <-time.After(time.Minute):
		t.Fatal("the server still has the request")
	}
	_, err = c.Call(t.Context(), ping)
	require.NoError(t, err)
}

func TestTheEndOfTheContextEndsAnAnswerThatTrickles(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	var s *cloud
	s = newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"entities":[`)
		w.(http.Flusher).Flush()
		close(arrived)
		hang(&s)(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-arrived
		time.Sleep(50 * time.Millisecond) // so that the half of it is usually being read
		cancel()
	}()
	began := time.Now()
	body, err := connect(t, s.URL).Call(ctx, ping)
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, body)
	require.Less(t, time.Since(began), 10*time.Second, "not the SDK's own limit")
	require.EqualValues(t, 1, s.calls.Load())
}

func TestCallsThatWereAbandonedDoNotHarmLaterOnes(t *testing.T) {
	t.Parallel()
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(5 * time.Millisecond)
		echo(w, "%s", r.URL.Path)
	})
	c := connect(t, s.URL, func(c *platform.Config) { c.RequestsPerMinute = 100_000 })
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for i := range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%10)*time.Millisecond)
				_, err := c.Call(ctx, ping)
				cancel()
				if err != nil {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
				path := fmt.Sprintf("/api/v2/conversations/%d-%d", n, i)
				body, err := c.Call(t.Context(), genesys.Request{Path: path})
				require.NoError(t, err)
				require.Equal(t, path, echoed(t, body))
			}
		})
	}
	group.Wait()
	require.Zero(t, c.Stats().InFlight)
}

// The SDK ignores an error while it reads, and reports a success.
func TestAnAnswerThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	s := newCloud(t, answer(200, `{"entities":[`, "Content-Length", "1000"))
	_, err := connect(t, s.URL).Call(t.Context(), ping)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.False(t, genesys.IsPermanent(err))
}

func TestAnAnswerThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	s := newCloud(t, answer(200, strings.Repeat("x", 2000)))
	_, err := connect(t, s.URL, func(c *platform.Config) { c.MaxBody = 1999 }).Call(t.Context(), ping)
	require.ErrorIs(t, err, rest.ErrTooLarge)
	require.True(t, genesys.IsPermanent(err))
}

// Traps 16 and 17: the SDK's models drop fields that they do not know, and
// turn a time with another zone than Z into the year 1.
func TestTheBodyComesAsItWasSent(t *testing.T) {
	t.Parallel()
	const body = `{"id":"1","transferSource":{"new":[1,2]},"startTime":"2025-01-10T10:00:00.123+01:00","big":9007199254740993}`
	got, err := connect(t, newCloud(t, answer(200, body)).URL).Call(t.Context(), ping)
	require.NoError(t, err)
	require.Equal(t, body, string(got))
	empty, err := connect(t, newCloud(t, answer(204, "")).URL).Call(t.Context(), genesys.Request{Method: "DELETE", Path: "/api/v2/x"})
	require.NoError(t, err)
	require.Empty(t, empty)
}

// Trap 17: the SDK's models write local digits with a Z.
func TestTheRequestIsSentAsItWasGiven(t *testing.T) {
	t.Parallel()
	const body = `{"interval":"2025-01-10T10:00:00+01:00/2025-01-11T10:00:00+01:00","text":"ä<&>"}`
	got, err := connect(t, newCloud(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		echo(w, "%s %s %s %s", r.Method, r.Header.Get("Content-Type"), r.Header.Get("Accept"), body)
	}).URL).Call(t.Context(), genesys.Request{Method: "PATCH", Path: "/api/v2/x", Body: []byte(body)})
	require.NoError(t, err)
	require.Equal(t, "PATCH application/json application/json "+body, echoed(t, got))
}

// Trap 18: the SDK's functions send isReleased=false when nothing was said; and
// they join lists, and leave out empty values.
func TestOnlyTheParametersThatWereGivenAreSent(t *testing.T) {
	t.Parallel()
	s := newCloud(t, func(w http.ResponseWriter, r *http.Request) { echo(w, "%s", r.URL.RequestURI()) })
	c := connect(t, s.URL)
	for _, r := range []struct {
		query url.Values
		want  string
	}{
		{nil, "/api/v2/quality/evaluations/query"},
		{url.Values{"isReleased": {"false"}, "id": {"a", "b"}, "q": {"x &=ä"}, "none": {""}}, "/api/v2/quality/evaluations/query?id=a&id=b&isReleased=false&none=&q=x+%26%3D%C3%A4"},
	} {
		got, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/quality/evaluations/query", Query: r.query})
		require.NoError(t, err)
		require.Equal(t, r.want, echoed(t, got))
	}
	got, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/routing/queues/" + url.PathEscape("a/b c")})
	require.NoError(t, err)
	require.Equal(t, "/api/v2/routing/queues/a%2Fb%20c", echoed(t, got))
}

// Trap 19: the SDK's gateway makes //api/v2.
func TestABaseURLGivesNoDoubleSlash(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux() // redirects a double slash, and with it a POST becomes a GET
	target := func(w http.ResponseWriter, r *http.Request) { echo(w, "%s %s", r.Method, r.URL.Path) }
	mux.HandleFunc("/gateway/api/v2/", target)
	mux.HandleFunc("/api/v2/", target)
	mux.HandleFunc("/gateway/oauth/token", answer(200, `{"access_token":"t"}`))
	s := newCloud(t, mux.ServeHTTP)
	for suffix, want := range map[string]string{
		"": "POST /api/v2/users", "/": "POST /api/v2/users", "//": "POST /api/v2/users",
		"/gateway": "POST /gateway/api/v2/users", "/gateway/": "POST /gateway/api/v2/users",
	} {
		got, err := connect(t, s.URL+suffix).Call(t.Context(), genesys.Request{Path: "/api/v2/users", Body: []byte(`{}`)})
		require.NoError(t, err)
		require.Equal(t, want, echoed(t, got))
	}
}

// The SDK follows redirects, and makes a GET of a POST.
func TestARedirectIsAnErrorThatSaysSo(t *testing.T) {
	t.Parallel()
	elsewhere := newCloud(t, answer(200, `{}`))
	for _, target := range []string{elsewhere.URL + "/api/v2/x", "/api/v2/moved"} {
		s := newCloud(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target, http.StatusTemporaryRedirect)
		})
		_, err := connect(t, s.URL).Call(t.Context(), ping)
		require.ErrorIs(t, err, rest.ErrRedirected)
		require.ErrorContains(t, err, "307")
		require.EqualValues(t, 1, s.calls.Load())
	}
	require.Zero(t, elsewhere.calls.Load())
}

// The SDK's constructor reads the home directory and watches it.
func TestNothingIsReadFromTheHomeDirectory(t *testing.T) {
	evil := newCloud(t, answer(200, `{}`))
	home := t.TempDir()
	t.Setenv("HOME", home)
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".genesyscloudgo"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".genesyscloudgo", "config"), fmt.Appendf(nil, `{
		"general": {"host": %q, "live_reload_config": true}, "logging": {"log_level": "trace", "log_to_console": true},
		"gateway": {"protocol": "http", "host": %q}, "retry": {"retry_max": 3, "retry_wait_max": 1}}`, evil.URL, strings.TrimPrefix(evil.URL, "http://")), 0o600))
	s := newCloud(t, answer(500, ``))
	_, err := connect(t, s.URL).Call(t.Context(), ping)
	require.True(t, genesys.HasStatus(err, 500))
	require.EqualValues(t, 1, s.calls.Load())
	require.Zero(t, evil.calls.Load()+evil.logins.Load())
}

func TestAnUnreachableHostIsAnErrorThatPasses(t *testing.T) {
	t.Parallel()
	s := newCloud(t, answer(200, `{}`))
	c := connect(t, s.URL)
	_, err := c.Call(t.Context(), ping)
	require.NoError(t, err)
	_ = s.Listener.Close()
	_, err = c.Call(t.Context(), genesys.Request{Path: "/api/v2/users/" + person})
	var e *genesys.APIError
	require.ErrorAs(t, err, &e)
	require.Zero(t, e.Status)
	require.False(t, e.Permanent())
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "canary")
}
