package ingress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/internal/ingress"
	"github.com/dcmkit/convtrack/internal/origin"
)

const (
	older = "the-older-secret"
	newer = "the-newer-secret"

	soon = 200 * time.Millisecond
)

func both(context.Context) ([]string, error) { return []string{older, newer, ""}, nil }

func stored(context.Context, []byte) ingress.Reply { return ingress.Reply{Status: http.StatusOK} }

// serve runs a handler on a real server.
func serve(t *testing.T, change func(*ingress.Config)) (*httptest.Server, *ingress.Handler) {
	t.Helper()
	c := ingress.Config{
		Name: "test", Authenticate: ingress.Secrets(both, ingress.Bearer, ingress.Basic, ingress.APIKey),
		MaxBody: 1 << 10, Handle: stored, Logger: slog.New(slog.DiscardHandler), AnswerWithin: time.Minute, // also on a busy machine
	}
	if change != nil {
		change(&c)
	}
	h, err := ingress.New(c)
	require.NoError(t, err)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, h
}

func bearer(secret string) http.Header { return http.Header{"Authorization": {"Bearer " + secret}} }

// answer is what a call was answered.
type answer struct {
	StatusCode int
	Header     http.Header
}

// post posts a body and returns the answer, which must come.
func post(t *testing.T, s *httptest.Server, header http.Header, body io.Reader) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, body)
	require.NoError(t, err)
	req.Header = header.Clone()
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	res, err := s.Client().Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return answer{res.StatusCode, res.Header}
}

func basic(password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+password))
}

func TestEachKindOfProofIsAnsweredInItsWay(t *testing.T) {
	s, _ := serve(t, nil)
	for name, is := range map[string]struct {
		header http.Header
		status int
	}{
		"a bearer token":             {bearer(newer), 200},
		"the other one":              {bearer(older), 200},
		"any case of the scheme":     {http.Header{"Authorization": {"bEARER  " + older}}, 200},
		"a password":                 {http.Header{"Authorization": {basic(older)}}, 200},
		"a key":                      {http.Header{"X-Api-Key": {newer}}, 200},
		"a key beside a wrong token": {http.Header{"X-Api-Key": {newer}, "Authorization": {"Bearer x"}}, 200},
		"a wrong bearer token":       {bearer("x"), 401},
		"no bearer token":            {http.Header{}, 401},
		"an empty bearer token":      {bearer(""), 401},
		"another scheme":             {http.Header{"Authorization": {"Digest " + newer}}, 401},
		"a secret without a scheme":  {http.Header{"Authorization": {newer}}, 401},
		"a wrong password":           {http.Header{"Authorization": {basic("x")}}, 403},
		"an empty password":          {http.Header{"Authorization": {basic("")}}, 403},
		"a user instead of password": {http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(newer+":"))}}, 403},
		"what is no base64":          {http.Header{"Authorization": {"Basic ???"}}, 403},
		"a wrong key":                {http.Header{"X-Api-Key": {"x"}}, 403},
		"an empty key":               {http.Header{"X-Api-Key": {""}}, 403},
		"a part of a key":            {http.Header{"X-Api-Key": {newer[:8]}}, 403},
		"a longer key":               {http.Header{"X-Api-Key": {newer + "x"}}, 403},
		"a wrong key and token":      {http.Header{"X-Api-Key": {"x"}, "Authorization": {"Bearer x"}}, 401},
	} {
		res := post(t, s, is.header, strings.NewReader(`{}`))
		require.Equal(t, is.status, res.StatusCode, name)
		require.Equal(t, res.StatusCode == http.StatusUnauthorized, res.Header.Get("WWW-Authenticate") != "", name)
	}
}

func TestASchemeThatIsNotOfferedIsNoProof(t *testing.T) {
	s, _ := serve(t, func(c *ingress.Config) { c.Authenticate = ingress.Secrets(both, ingress.Bearer) })
	for _, header := range []http.Header{{"X-Api-Key": {newer}}, {"Authorization": {basic(newer)}}} {
		require.Equal(t, 401, post(t, s, header, strings.NewReader(`{}`)).StatusCode)
	}
}

// A13: a single 401 or 403 ends a connection of EventBridge until a person
// renews it.
func TestNobodyIsDeniedWhileItIsNotKnownWhoMayCall(t *testing.T) {
	for name, secrets := range map[string]func(context.Context) ([]string, error){
		"the vault is down": func(context.Context) ([]string, error) { return nil, errors.New("down") },
		"none yet":          func(context.Context) ([]string, error) { return nil, nil },
		"only empty ones":   func(context.Context) ([]string, error) { return []string{""}, nil },
		"the vault hangs":   func(ctx context.Context) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() },
		"it panics":         func(context.Context) ([]string, error) { panic(newer) },
	} {
		s, h := serve(t, func(c *ingress.Config) {
			c.Authenticate = ingress.Secrets(secrets, ingress.Bearer, ingress.Basic, ingress.APIKey)
			c.AnswerWithin = soon
		})
		for _, header := range []http.Header{bearer(newer), bearer("x"), {"X-Api-Key": {"x"}}, {}, {"Authorization": {basic("x")}}} {
			res := post(t, s, header, strings.NewReader(`{}`))
			require.Equal(t, 503, res.StatusCode, name)
			require.NotEmpty(t, res.Header.Get("Retry-After"), name)
		}
		require.Zero(t, h.Health().LastHeard, "nobody has shown that he may call")
	}
}

func TestARotatedSecretIsTakenAtOnceAndTheOldOneNoMore(t *testing.T) {
	var now atomic.Value
	now.Store([]string{older})
	s, _ := serve(t, func(c *ingress.Config) {
		c.Authenticate = ingress.Secrets(func(context.Context) ([]string, error) { return now.Load().([]string), nil }, ingress.APIKey)
	})
	try := func(secret string) int {
		return post(t, s, http.Header{"X-Api-Key": {secret}}, strings.NewReader(`{}`)).StatusCode
	}
	require.Equal(t, []int{200, 403}, []int{try(older), try(newer)})
	now.Store([]string{newer, older})
	require.Equal(t, []int{200, 200}, []int{try(older), try(newer)})
	now.Store([]string{newer})
	require.Equal(t, []int{403, 200}, []int{try(older), try(newer)})
}

func TestWhatIsNoSmallPlainJSONIsRefused(t *testing.T) {
	s, _ := serve(t, nil)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 400_000))
	require.NoError(t, z.Close())
	require.Less(t, bomb.Len(), 1<<10)
	with := func(name, value string) http.Header {
		h := bearer(newer)
		h.Set(name, value)
		return h
	}
	for name, is := range map[string]struct {
		header http.Header
		body   io.Reader
		status int
	}{
		"JSON by another name":  {with("Content-Type", "application/cloudevents+json"), strings.NewReader(`{}`), 200},
		"as much as there may":  {bearer(newer), strings.NewReader(strings.Repeat(" ", 1<<10)), 200},
		"one byte more":         {bearer(newer), strings.NewReader(strings.Repeat(" ", 1<<10+1)), 413},
		"no length":             {bearer(newer), io.MultiReader(strings.NewReader(strings.Repeat(" ", 1<<20))), 413},
		"a form":                {with("Content-Type", "application/x-www-form-urlencoded"), strings.NewReader(`{}`), 415},
		"a page":                {with("Content-Type", "text/html"), strings.NewReader(`{}`), 415},
		"no type at all":        {with("Content-Type", "?"), strings.NewReader(`{}`), 415},
		"another charset":       {with("Content-Type", "application/json; charset=utf-16"), strings.NewReader(`{}`), 415},
		"a gzip bomb":           {with("Content-Encoding", "gzip"), &bomb, 415},
		"a bomb of a new kind":  {with("Content-Encoding", "zstd"), strings.NewReader(`{}`), 415},
		"not compressed at all": {with("Content-Encoding", "identity"), strings.NewReader(`{}`), 200},
	} {
		require.Equal(t, is.status, post(t, s, is.header, is.body).StatusCode, name)
	}
	res, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	require.Equal(t, http.MethodPost, res.Header.Get("Allow"))
}

// slow writes the head of a request and then one byte of its body from time to
// time, and returns what is answered before the body has come to its end.
func slow(t *testing.T, s *httptest.Server, secret string, length int) (answer string) {
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", secret, length)
	require.NoError(t, err)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		}
	})
	buffer := make([]byte, 4096)
	n, err := conn.Read(buffer)
	close(stop)
	writing.Wait()
	require.NoError(t, err)
	return string(buffer[:n])
}

func TestASlowBodyIsNotWaitedFor(t *testing.T) {
	s, h := serve(t, func(c *ingress.Config) { c.AnswerWithin = soon })
	answer := slow(t, s, newer, 1<<10)
	require.Contains(t, answer, "503")
	require.Contains(t, answer, "Retry-After")
	require.Eventually(t, func() bool { return h.Stats().Handling == 0 }, time.Minute, time.Millisecond, "its place is free again")
}

func TestAStrangersBodyIsNotReadAtAll(t *testing.T) {
	s, _ := serve(t, nil)
	require.Contains(t, slow(t, s, "x", 1<<20), "401", "not even its length is looked at")
}

func TestAnAnswerComesInTimeThoughTheStoreHangs(t *testing.T) {
	release := make(chan struct{})
	s, h := serve(t, func(c *ingress.Config) {
		c.MaxConcurrent = 3
		c.AnswerWithin = soon
		c.Handle = func(context.Context, []byte) ingress.Reply { <-release; return ingress.Reply{Status: 200} }
	})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			res := post(t, s, bearer(newer), strings.NewReader(`{}`))
			require.Equal(t, 503, res.StatusCode)
			require.NotEmpty(t, res.Header.Get("Retry-After"))
		})
	}
	all.Wait()
	require.Equal(t, 3, h.Stats().Handling, "they are still at work")
	res := post(t, s, bearer(newer), strings.NewReader(`{}`))
	require.Equal(t, 429, res.StatusCode, "so there is no room for more")
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	close(release)
	require.Eventually(t, func() bool { return h.Stats().Handling == 0 }, time.Minute, time.Millisecond)
	require.Equal(t, 200, post(t, s, bearer(newer), strings.NewReader(`{}`)).StatusCode)
}

func TestAPanicIsAnAnswer(t *testing.T) {
	var log bytes.Buffer
	s, h := serve(t, func(c *ingress.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Handle = func(_ context.Context, body []byte) ingress.Reply { panic(string(body)) }
	})
	require.Equal(t, 500, post(t, s, bearer(newer), strings.NewReader(`"tel:+4930"`)).StatusCode)
	require.Eventually(t, func() bool { return h.Stats().Handling == 0 }, time.Minute, time.Millisecond)
	require.Contains(t, log.String(), "panic")
	require.NotContains(t, log.String(), "tel:+4930")
}

type broken struct{ slog.Handler }

func (broken) Enabled(context.Context, slog.Level) bool  { return true }
func (broken) Handle(context.Context, slog.Record) error { panic("full") }
func (b broken) WithAttrs([]slog.Attr) slog.Handler      { return b }

func TestALogHandlerThatPanicsEndsNothing(t *testing.T) {
	s, h := serve(t, func(c *ingress.Config) {
		c.Logger = slog.New(broken{})
		c.Handle = func(context.Context, []byte) ingress.Reply { panic("down") }
	})
	require.Equal(t, 500, post(t, s, bearer(newer), strings.NewReader(`{}`)).StatusCode)
	require.Eventually(t, func() bool { return h.Stats().Handling == 0 }, time.Minute, time.Millisecond)
}

// TestTenThousandAtOnceAreAllAnswered floods a handler with the proofs of friends
// and of strangers, while its store hangs until all that it has no room for are
// answered.
func TestTenThousandAtOnceAreAllAnswered(t *testing.T) {
	const calls, places, size = 10_000, 16, 1 << 16
	gate := make(chan struct{})
	var working, most, answered atomic.Int64
	h, err := ingress.New(ingress.Config{
		Name: "test", Authenticate: ingress.Secrets(both, ingress.Bearer, ingress.APIKey), MaxBody: size, MaxConcurrent: places,
		Logger: slog.New(slog.DiscardHandler), AnswerWithin: time.Hour,
		Handle: func(_ context.Context, body []byte) ingress.Reply {
			for n := working.Add(1); n > most.Load(); {
				most.Store(n)
			}
			defer working.Add(-1)
			<-gate
			return ingress.Reply{Status: 200}
		},
	})
	require.NoError(t, err)
	body := bytes.Repeat([]byte(" "), size)
	var statuses sync.Map
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			header, forged := bearer(newer), i%2 == 1
			if forged {
				header = http.Header{"X-Api-Key": {fmt.Sprint(i)}}
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
			r.Header = header
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			n, _ := statuses.LoadOrStore([2]any{forged, w.Code}, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			answered.Add(1)
		})
	}
	require.Eventually(t, func() bool { return answered.Load() == calls-places }, 5*time.Minute, time.Millisecond)
	runtime.ReadMemStats(&after)
	close(gate)
	all.Wait()
	got := map[[2]any]int64{}
	statuses.Range(func(k, n any) bool { got[k.([2]any)] = n.(*atomic.Int64).Load(); return true })
	require.Equal(t, map[[2]any]int64{{true, 403}: calls / 2, {false, 200}: places, {false, 429}: calls/2 - places}, got)
	require.LessOrEqual(t, most.Load(), int64(places))
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(256<<20))
	is := h.Stats()
	require.Equal(t, []int64{calls / 2, places, calls/2 - places}, []int64{is.Denied, is.Stored, is.Overloaded})
}

func TestNothingOfWhatComesReachesTheLog(t *testing.T) {
	var log bytes.Buffer
	s, _ := serve(t, func(c *ingress.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 5 {
		post(t, s, bearer("presented"), strings.NewReader(`"content"`))
	}
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "it is said once a minute")
	require.NotContains(t, log.String(), "presented")
	require.NotContains(t, log.String(), "content")
}

func TestByItselfAnAnswerComesWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, authenticate := range []ingress.Authenticator{
			ingress.Secrets(both, ingress.Bearer),
			func(ctx context.Context, _ http.Header) (context.Context, error) { <-ctx.Done(); return nil, ctx.Err() },
		} {
			h, err := ingress.New(ingress.Config{
				Name: "test", Authenticate: authenticate, MaxBody: 10, Logger: slog.New(slog.DiscardHandler),
				Handle: func(ctx context.Context, _ []byte) ingress.Reply { <-ctx.Done(); return ingress.Unavailable("down") },
			})
			require.NoError(t, err)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{}`))
			r.Header = bearer(newer)
			began, w := time.Now(), httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, 503, w.Code)
			require.Less(t, time.Since(began), 1900*time.Millisecond)
		}
	})
}

func TestAConfigurationThatCannotWorkIsAnError(t *testing.T) {
	who := ingress.Secrets(both, ingress.Bearer)
	for _, c := range []ingress.Config{
		{MaxBody: 1, Handle: stored}, {Authenticate: who, MaxBody: 1}, {Authenticate: who, Handle: stored},
		{Authenticate: who, Handle: stored, MaxBody: 1, MaxConcurrent: -1}, {Authenticate: who, Handle: stored, MaxBody: 1, AnswerWithin: -1},
	} {
		_, err := ingress.New(c)
		require.Error(t, err)
	}
}

func TestACallIsSaidToComeFromTheHandlerAndInTheTraceThatItsHeaderNames(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for header, want := range map[string]string{"": "", "nonsense": "", parent: parent} {
		var from origin.Origin
		s, _ := serve(t, func(c *ingress.Config) {
			c.Handle = func(ctx context.Context, _ []byte) ingress.Reply {
				from = origin.Of(ctx)
				return ingress.Reply{Status: http.StatusOK}
			}
		})
		h := bearer(older)
		h.Set("Traceparent", header)
		require.Equal(t, http.StatusOK, post(t, s, h, strings.NewReader("{}")).StatusCode)
		require.Equal(t, "test", from.Source)
		if want == "" {
			require.Empty(t, from.Traces)
			continue
		}
		require.Len(t, from.Traces, 1)
		require.Equal(t, want, origin.Parent(from.Traces[0]))
	}
}
