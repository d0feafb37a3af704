package clientapp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// inVirtualTime runs a test of the app beside a simulator, both without sockets.
func inVirtualTime(t *testing.T, do func(t *testing.T, h *host), change func(*clientapp.Config), opts ...genesystest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts = append([]genesystest.Option{genesystest.InMemory(), users, genesystest.RateLimit(0)}, opts...)
		h := &host{T: t, genesys: genesystest.NewServer(t, opts...), log: &syncBuffer{}, cases: map[string]clientapp.Case{}}
		c := clientapp.Config{BaseURL: "http://127.0.0.1", ClientID: bridge, OrganizationID: organization, HTTP: h.genesys.HTTPClient(),
			API: h.genesys.API(), Sink: h.observe, Case: h.caseOf, Logger: slog.New(slog.NewTextHandler(h.log, nil))}
		if change != nil {
			change(&c)
		}
		var err error
		h.app, err = clientapp.New(c)
		require.NoError(t, err)
		t.Cleanup(h.app.Close)
		do(t, h)
	})
}

// say posts a hint without a socket, and returns the answer.
func (h *host) say(token, conversation string) *httptest.ResponseRecorder {
	body, err := json.Marshal(update("hint", conversation))
	require.NoError(h, err)
	return h.request(http.MethodPost, "/updates", token, bytes.NewReader(body))
}

func (h *host) request(method, path, token string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(h.Context(), method, path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.app.ServeHTTP(w, r)
	return w
}

func TestHintsDoNotKeepATokenAliveThatTheOrganisationWantsToEnd(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token, began := h.plays(), h.login("user-a"), time.Now()
		for {
			w := h.say(token, id)
			if w.Code == http.StatusUnauthorized {
				break
			}
			require.Equal(t, http.StatusOK, w.Code)
			require.Less(t, time.Since(began), time.Hour, "it is never idle")
			time.Sleep(20 * time.Second)
		}
		require.InDelta(t, 15, time.Since(began).Minutes(), 1)
	}, nil, genesystest.IdleTimeout(15*time.Minute))
}

func TestWhoHasLoggedOutIsRefusedAndListensToNothingAfterFiveMinutes(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token, began := h.plays(), h.login("user-a"), time.Now()
		ended := make(chan time.Duration)
		go func() {
			require.Equal(t, http.StatusOK, h.request(http.MethodGet, "/case?conversationId="+id, token, nil).Code)
			ended <- time.Since(began)
		}()
		time.Sleep(time.Second)
		require.True(t, h.genesys.RevokeToken(token))
		require.LessOrEqual(t, <-ended, 5*time.Minute)
		require.Equal(t, http.StatusUnauthorized, h.request(http.MethodGet, "/case?conversationId="+id, token, nil).Code)
		require.Equal(t, http.StatusUnauthorized, h.say(token, id).Code)
	}, nil)
}

func TestWhileGenesysDoesNotAnswerEverybodyIsAnsweredInTimeAndTheKnownGoOn(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, known := h.plays(), h.login("user-a")
		require.Equal(t, http.StatusOK, h.say(known, id).Code)
		undo := h.genesys.Faults().Hang()
		began := time.Now()
		var all sync.WaitGroup
		for i := range 300 { // some of them are no agents at all
			all.Go(func() {
				token := fmt.Sprintf("made-up-%d", i)
				if i%3 == 0 {
					token = h.login("user-b")
				}
				w := h.say(token, id)
				require.Equal(t, http.StatusServiceUnavailable, w.Code)
				require.NotEmpty(t, w.Header().Get("Retry-After"))
				require.Less(t, time.Since(began), 2*time.Second)
			})
		}
		synctest.Wait()
		require.Equal(t, http.StatusOK, h.say(known, id).Code)
		require.Zero(t, time.Since(began), "at once")
		all.Wait()
		undo()
		time.Sleep(10 * time.Second)
		require.Equal(t, http.StatusOK, h.say(h.login("user-b"), id).Code)
		require.Len(t, h.all(), 3)
	}, nil)
}

func TestAStoreThatHangsIsAnsweredForInTimeAndHoldsUpAsManyAsThereIsRoomFor(t *testing.T) {
	release := make(chan struct{})
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token, began := h.plays(), h.login("user-a"), time.Now()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { require.Equal(t, http.StatusServiceUnavailable, h.say(token, id).Code) })
		}
		synctest.Wait()
		w := h.say(token, id)
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.Zero(t, time.Since(began), "at once")
		all.Wait()
		require.Less(t, time.Since(began), 2*time.Second)
		close(release)
	}, func(c *clientapp.Config) {
		release = make(chan struct{}) // of this bubble
		c.MaxConcurrent = 2
		c.Sink = func(context.Context, conversation.Update) error {
			<-release
			return nil
		}
	})
}

func TestAPostThatNeverEndsIsAnsweredAndHoldsUpNobody(t *testing.T) {
	h := serve(t)
	id, token := h.plays(), h.login("user-a")
	address := strings.Split(strings.TrimPrefix(h.url, "http://"), "/")[0]
	slow, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = slow.Close() }()
	began := time.Now()
	_, err = fmt.Fprintf(slow, "POST /genesys/app/updates HTTP/1.1\r\nHost: dcm\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", token)
	require.NoError(t, err)
	status, _ := h.post(token, update("event", id))
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(time.Minute)))
	answer := make([]byte, 12)
	_, err = io.ReadFull(slow, answer)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 503", string(answer))
	require.Greater(t, time.Since(began), time.Second)
	require.Len(t, h.all(), 1)
}

// endless is a body that does not say how large it is.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func TestABodyIsReadUpToItsLimitAndNeverUnpacked(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token := h.plays(), h.login("user-a")
		body := &endless{}
		require.Equal(t, http.StatusRequestEntityTooLarge, h.request(http.MethodPost, "/updates", token, body).Code)
		require.Less(t, body.read, 2<<20)

		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		require.NoError(t, json.NewEncoder(z).Encode(update("event", id)))
		require.NoError(t, z.Close())
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/updates", &packed)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.app.ServeHTTP(w, r)
		require.Equal(t, http.StatusUnsupportedMediaType, w.Code)
		require.Empty(t, h.all())

		body.read = 0
		require.Equal(t, http.StatusUnauthorized, h.request(http.MethodPost, "/updates", "made-up", body).Code)
		require.Zero(t, body.read, "of a stranger nothing is read")
	}, nil)
}

func TestATokenIsTakenFromItsHeaderAlone(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token := h.plays(), h.login("user-a")
		body, err := json.Marshal(update("event", id))
		require.NoError(t, err)
		before := h.genesys.Counts().Requests
		for name, how := range map[string]func(*http.Request){
			"the query":              func(r *http.Request) { r.URL.RawQuery = "access_token=" + token },
			"a cookie":               func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "token", Value: token}) },
			"Basic":                  func(r *http.Request) { r.SetBasicAuth("token", token) },
			"a key":                  func(r *http.Request) { r.Header.Set("X-Api-Key", token) },
			"a header in the header": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"\r\nHost: evil.example") },
			"no scheme":              func(r *http.Request) { r.Header.Set("Authorization", token) },
			"a long one":             func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat(token, 200)) },
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/updates", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			how(r)
			w := httptest.NewRecorder()
			h.app.ServeHTTP(w, r)
			require.Equal(t, http.StatusUnauthorized, w.Code, name)
			require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"), name)
		}
		require.Equal(t, before, h.genesys.Counts().Requests, "and Genesys is not asked")
		require.Empty(t, h.all())
	}, nil)
}

// asked notes at which hosts Genesys is asked.
type asked struct {
	http.RoundTripper
	hosts *[]string
}

func (a asked) RoundTrip(r *http.Request) (*http.Response, error) {
	*a.hosts = append(*a.hosts, r.URL.Scheme+"://"+r.URL.Host)
	return a.RoundTripper.RoundTrip(r)
}

func TestNothingInARequestChoosesWhoIsAsked(t *testing.T) {
	var hosts []string
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, settings := h.plays(), h.request(http.MethodGet, "/config.json", "", nil).Body.String()
		for _, token := range []string{h.login("user-a"), "made-up"} {
			for _, to := range []string{"/updates?gcTargetEnv=evil&gcHostOrigin=https://evil.example&pcEnvironment=evil.example", "http://evil.example/updates", "//evil.example/updates"} {
				u := update("event", id)
				u["gcTargetEnv"], u["gcHostOrigin"], u["state"] = "evil", "https://evil.example", `{"gateway":{"host":"evil.example"}}`
				body, err := json.Marshal(u)
				require.NoError(t, err)
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/updates", bytes.NewReader(body))
				r.URL, err = url.Parse(to)
				require.NoError(t, err)
				r.Host = "evil.example"
				for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Origin": "https://evil.example",
					"Referer": "https://evil.example/", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"} {
					r.Header.Set(name, value)
				}
				w := httptest.NewRecorder()
				h.app.ServeHTTP(w, r)
				require.Equal(t, token == "made-up", w.Code == http.StatusUnauthorized, "%d", w.Code)
				require.NotContains(t, fmt.Sprint(w.Header(), w.Body), "evil")
			}
		}
		require.Equal(t, []string{"http://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1"}, hosts)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://evil.example/config.json?gcTargetEnv=evil", nil)
		w := httptest.NewRecorder()
		h.app.ServeHTTP(w, r)
		require.Equal(t, settings, w.Body.String())
		require.NotContains(t, fmt.Sprint(w.Header()), "evil")
	}, func(c *clientapp.Config) {
		c.HTTP.Transport = asked{c.HTTP.Transport, &hosts}
	})
}

func TestWhateverFailsNobodysDataIsInTheLogOrInAnAnswer(t *testing.T) {
	const secret, person = "canary-token", "canary.person@example.com"
	for name, change := range map[string]func(*clientapp.Config){
		"the store fails": func(c *clientapp.Config) {
			c.Sink = func(context.Context, conversation.Update) error { return io.ErrUnexpectedEOF }
		},
		"the store panics": func(c *clientapp.Config) { c.Sink = func(context.Context, conversation.Update) error { panic(person) } },
		"the host panics": func(c *clientapp.Config) {
			c.Heard = func(_ context.Context, h clientapp.Heard) { panic(string(h.Body) + h.Agent.Name) }
		},
	} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			h.genesys.AddUsers(genesystest.Entry{ID: "user-a", Name: person})
			id, answers := h.plays(), ""
			try := func(token string, body any) {
				text, err := json.Marshal(body)
				require.NoError(t, err)
				w := h.request(http.MethodPost, "/updates", token, bytes.NewReader(text))
				answers += fmt.Sprint(w.Header(), w.Body)
			}
			u := update("event", id)
			u["body"] = map[string]any{"name": person}
			token := h.login("user-a")
			try(token, u)
			try(secret, u)
			try(token, map[string]any{"conversationId": person, "kind": "event"})
			try(token, map[string]any{"conversationId": id, "kind": person})
			try(token, person)
			undo := h.genesys.Faults().Requests(genesystest.RequestFault{Page: `{"name":"` + person + `"}`})
			try(secret+"2", u)
			undo()
			for _, hidden := range []string{"canary", token} {
				require.NotContains(t, answers, hidden, name)
				require.NotContains(t, h.log.String(), hidden, name)
			}
			require.NotEmpty(t, h.log.String())
		}, change)
	}
}

// TestAConversationThatABrowserNamesIsNotInTheLog: its id may be any text, and is heard
// before anybody knows whether there is such a conversation.
func TestAConversationThatABrowserNamesIsNotInTheLog(t *testing.T) {
	const number = "tel:+4930123456"
	for name, down := range map[string]func(*host){
		"the store": func(h *host) { h.down = true },
		"the API": func(h *host) {
			h.genesys.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError, Match: func(_, path string) bool { return path == "/api/v2/conversations/{id}" }})
		},
	} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			token := h.login("user-a")
			down(h)
			require.Equal(t, http.StatusServiceUnavailable, h.say(token, number).Code, name)
			require.NotEmpty(t, h.log.String(), name)
			before := h.log.String()
			require.Equal(t, http.StatusOK, h.request(http.MethodGet, "/case?conversationId="+url.QueryEscape(number), token, nil).Code, name)
			require.Greater(t, len(h.log.String()), len(before), name)
			require.NotContains(t, h.log.String(), "4930", name)
		}, func(c *clientapp.Config) { c.AnyAgent = name == "the store" })
	}
}

func TestAnOutageOfAnHourIsNotAFloodInTheLog(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id := h.plays()
		h.down = true
		h.genesys.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError, Match: func(_, path string) bool { return path == "/api/v2/tokens/me" }})
		known := h.login("user-a")
		began, before := time.Now(), strings.Count(h.log.String(), "\n")
		for time.Since(began) < time.Hour {
			for range 20 {
				require.NotEqual(t, http.StatusOK, h.say(known, id).Code)
				require.NotEqual(t, http.StatusOK, h.request(http.MethodGet, "/case?conversationId="+id, known, nil).Code)
			}
			time.Sleep(10 * time.Second)
		}
		require.LessOrEqual(t, strings.Count(h.log.String(), "\n")-before, 5*60)
	}, nil)
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, known := h.plays(), h.login("user-a")
		h.down = true
		began := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for time.Since(began) < time.Hour {
					require.Equal(t, http.StatusOK, h.request(http.MethodGet, "/case?conversationId="+id, known, nil).Code)
				}
			})
		}
		for time.Since(began) < time.Hour {
			for range 10 {
				require.Equal(t, http.StatusServiceUnavailable, h.say(known, id).Code)
				require.Equal(t, http.StatusBadRequest, h.request(http.MethodPost, "/updates", known, strings.NewReader("{")).Code)
			}
			time.Sleep(10 * time.Second)
		}
		all.Wait()
		require.LessOrEqual(t, strings.Count(h.log.String(), "\n"), 5*60)
	}, nil)
}

func TestAStreamThatWaitsForTheAPIBreathesAndEndsWithTheApp(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token := h.plays(), h.login("user-a")
		h.genesys.Faults().Requests(genesystest.RequestFault{Status: http.StatusTooManyRequests, RetryAfter: 4 * time.Minute,
			Match: func(_, path string) bool { return path == "/api/v2/conversations/{id}" }})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/case?conversationId="+id, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w, ended := httptest.NewRecorder(), make(chan struct{})
		go func() { defer close(ended); h.app.ServeHTTP(w, r) }()
		time.Sleep(2 * time.Minute)
		h.app.Close()
		time.Sleep(time.Second)
		left := h.app.Stats().Streams
		<-ended
		require.Zero(t, left, "a server that shuts down waits for it")
		require.GreaterOrEqual(t, strings.Count(w.Body.String(), ":\n\n"), 7)
	}, nil)
}
