package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

func answering(a rest.Answer, err error) *platform {
	return &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) { return a, err }}
}

func TestARefusalNamesStatusCodeAndCorrelationID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, answering(rest.Answer{
			Status: 403, Header: header("ININ-Correlation-Id", "6f1c6c2e-0f0c-4b0a"),
			Body: []byte(`{"message":"` + person + ` may not","code":"missing.any.permissions","status":403,"contextId":"other"}`),
		}, nil))
		_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/7c1f/participants/anna", Body: []byte(`{}`)})
		require.Equal(t, &genesys.APIError{
			Method: "POST", Path: "/api/v2/conversations/{id}/participants/{id}", Status: 403,
			Code: "missing.any.permissions", CorrelationID: "6f1c6c2e-0f0c-4b0a",
		}, err)
		require.True(t, genesys.IsPermanent(err))
		require.Equal(t, "genesys: POST /api/v2/conversations/{id}/participants/{id}: 403 Forbidden (missing.any.permissions), correlation id 6f1c6c2e-0f0c-4b0a", err.Error())
	})
}

func TestTheCorrelationIDIsTakenFromTheBodyWhenNoHeaderHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e *genesys.APIError
		require.ErrorAs(t, call(t.Context(), newClient(t, answering(rest.Answer{Status: 500, Body: []byte(`{"contextId":"c-1"}`)}, nil))), &e)
		require.Equal(t, "c-1", e.CorrelationID)
		require.False(t, e.Permanent())
	})
}

func TestAnErrorPageOfAProxyIsStillAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := call(t.Context(), newClient(t, answering(rest.Answer{Status: 502, Body: []byte(`<html>` + person)}, nil)))
		require.EqualError(t, err, "genesys: GET /api/v2/organizations/me: 502 Bad Gateway")
	})
}

func TestOnlyThePlatformItselfSaysThatAPermissionIsMissing(t *testing.T) {
	html := []byte("<html>" + person)
	for name, is := range map[string]struct {
		login, answer rest.Answer
		missing       bool
	}{
		"with a code":                          {answer: rest.Answer{Status: 403, Body: []byte(`{"code":"not.authorized"}`)}, missing: true},
		"with the name of a permission":        {answer: rest.Answer{Status: 403, Body: []byte(`{"message":"it needs quality:survey:view"}`)}, missing: true},
		"a page":                               {answer: rest.Answer{Status: 403, Body: html}},
		"an object that is not the platform's": {answer: rest.Answer{Status: 403, Body: []byte(`{"error":"Forbidden","message":"by policy"}`)}},
		"a page of the login host":             {login: rest.Answer{Status: 403, Body: html}},
		"a code of the login host":             {login: rest.Answer{Status: 403, Body: []byte(`{"error":"access_denied"}`)}},
		"another status":                       {answer: rest.Answer{Status: 404, Body: []byte(`{"code":"not.found"}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := answering(is.answer, nil)
				if is.login.Status != 0 {
					p.login = func(context.Context, int) (rest.Answer, error) { return is.login, nil }
				}
				err := call(t.Context(), newClient(t, p))
				require.Error(t, err)
				require.Equal(t, is.missing, genesys.IsForbidden(err), "%v", err)
			})
		})
	}
}

func TestRetryAfterIsReadAsSecondsAndAsDate(t *testing.T) {
	const date = "Mon, 02 Jan 2006 15:04:05 GMT"
	for _, c := range []struct {
		header []string
		want   time.Duration
	}{
		{[]string{"Retry-After", "17"}, 17 * time.Second},
		{[]string{"Retry-After", " 17 "}, 17 * time.Second},
		{[]string{"Retry-After", "0.5"}, 500 * time.Millisecond},
		{[]string{"Retry-After", "0"}, 0},
		{[]string{"Retry-After", "-3"}, 0},
		{[]string{"Retry-After", "soon"}, 0},
		{[]string{"Retry-After", "NaN"}, 0},
		{[]string{"Retry-After", "99999999999999999999"}, 24 * time.Hour},
		{nil, 0},
		{[]string{"Retry-After", "+1m"}, 0},
		{[]string{"Retry-After", time.Date(2000, 1, 1, 0, 1, 30, 0, time.UTC).Format(date)}, 90 * time.Second},
		{[]string{"Retry-After", time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Format(date)}, 0},
		// A platform whose clock is an hour ahead of ours.
		{[]string{"Retry-After", time.Date(2000, 1, 1, 1, 0, 20, 0, time.UTC).Format(date), "Date", time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC).Format(date)}, 20 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) { // it is midnight, 1 January 2000
			var e *genesys.APIError
			require.ErrorAs(t, call(t.Context(), newClient(t, answering(rest.Answer{Status: 500, Header: header(c.header...)}, nil))), &e)
			require.Equal(t, c.want, e.RetryAfter, "%v", c.header)
		})
	}
}

func TestAnUnreachablePlatformIsAnErrorWithoutTheURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("connection refused")
		err := call(t.Context(), newClient(t, answering(rest.Answer{}, &url.Error{Op: "Get", URL: "https://x/?q=" + person, Err: refused})))
		require.EqualError(t, err, "genesys: GET /api/v2/organizations/me: connection refused")
		require.ErrorIs(t, err, refused)
		require.False(t, genesys.IsPermanent(err))
	})
}

func TestARequestHasATimeLimitThatIsNotTheCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(ctx context.Context, _ int, _ rest.Outgoing) (rest.Answer, error) {
			<-ctx.Done()
			return rest.Answer{}, ctx.Err()
		}}
		began := time.Now()
		err := call(t.Context(), newClient(t, p))
		require.Equal(t, time.Minute, time.Since(began))
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		var e *genesys.APIError
		require.ErrorAs(t, err, &e)
		require.False(t, e.Permanent())
	})
}

func TestTheEndOfTheCallersContextCanBeToldFromAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(ctx context.Context, _ int, _ rest.Outgoing) (rest.Answer, error) {
			<-ctx.Done()
			return rest.Answer{}, errors.New("some text")
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := call(ctx, newClient(t, p))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var e *genesys.APIError
		require.NotErrorAs(t, err, &e)
	})
}

func TestAMalformedRequestIsRefusedBeforeItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		c := newClient(t, p)
		for _, path := range []string{
			"", "/", "api/v2/x", "/api/v1/x", "https://evil.example/api/v2/x", "//evil.example/api/v2/x", "/api/v2/", "/api/v2//users",
			"/api/v2/conversations//participants", "/api/v2/../../oauth/token", "/api/v2/conversations/..%2f..", "/api/v2/conversations/%2e%2e/x",
			"/api/v2/users?x=1", "/api/v2/users#x", "/api/v2/conversations/a b", "/api/v2/conversations/ä", "/api/v2/x/%zz", "/api/v2/x\r\nHost: y",
		} {
			_, err := c.Call(t.Context(), genesys.Request{Path: path})
			if path == "/api/v2/conversations/..%2f.." { // one segment, an odd id
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, genesys.ErrRequest, "%q", path)
			require.True(t, genesys.IsPermanent(err))
		}
		require.Equal(t, 1, p.count())
	})
}

func TestOnlyWordsOfTheAPIAreShownOfAPath(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v2/analytics/conversations/details/query":                "/api/v2/analytics/conversations/details/query",
		"/api/v2/analytics/conversations/details/jobs/7c1f/results":    "/api/v2/analytics/conversations/details/jobs/{id}/results",
		"/api/v2/notifications/channels/streaming-0-abc/subscriptions": "/api/v2/notifications/channels/{id}/subscriptions",
		"/api/v2/flows/datatables/0f/rows/mueller":                     "/api/v2/flows/datatables/{id}/{id}/{id}",
		"/api/v2/users/anna@example.com?expand=x":                      "/api/v2/users/{id}",
		"/api/v2/quality/conversations/7c1f/surveys":                   "/api/v2/quality/conversations/{id}/surveys",
		"/oauth/token":                          "{path}",
		"/api/v2/" + strings.Repeat("x/", 1000): "/api/v2/" + strings.Repeat("{id}/", 16) + "…",
	} {
		require.Equal(t, want, rest.Template(path))
	}
}

func TestTheQueryIsSentAsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		c := newClient(t, &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			sent = append(sent, o.Method+" "+o.Path)
			return rest.Answer{Status: 200}, nil
		}})
		_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/users", Query: url.Values{"id": {"a", "b"}, "q": {"x y&z"}}})
		require.NoError(t, err)
		_, err = c.Call(t.Context(), genesys.Request{Method: http.MethodDelete, Path: "/api/v2/users/1"})
		require.NoError(t, err)
		require.Equal(t, []string{"GET /api/v2/users?id=a&id=b&q=x+y%26z", "DELETE /api/v2/users/1"}, sent)
	})
}

func TestAnAnswerThatIsTooLargeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			body, err := rest.ReadBody(strings.NewReader(strings.Repeat("x", 2000)), o.MaxBody)
			return rest.Answer{Status: 200, Body: body}, err
		}}, func(c *rest.Config) { c.MaxBody = 1999 })
		err := call(t.Context(), c)
		require.ErrorIs(t, err, rest.ErrTooLarge)
		require.True(t, genesys.IsPermanent(err))
	})
}

func TestNothingSecretOrPersonalIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		body := []byte(`{"code":"` + person + `","message":"` + person + `","contextId":"` + person + `"}`)
		answers := []rest.Answer{{Status: 200, Body: body}, {Status: 401, Body: body}, {Status: 403, Body: body}, {Status: 429, Body: body}, {Status: 500, Body: body}}
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			n := nth - 1
			if n >= len(answers) {
				return rest.Answer{}, &url.Error{Op: "Get", URL: person, Err: errors.New("no route")}
			}
			return answers[n], nil
		}
		p.login = func(_ context.Context, n int) (rest.Answer, error) {
			if n == 2 {
				return rest.Answer{Status: 400, Body: []byte(`{"error":"` + person + `","error_description":"` + secret + `"}`)}, nil
			}
			return rest.Answer{Status: 200, Body: []byte(`{"access_token":"canary-token","expires_in":900}`)}, nil
		}
		c := newClient(t, p, func(c *rest.Config) {
			c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		var texts strings.Builder
		for range 10 {
			_, err := c.Call(t.Context(), genesys.Request{
				Path: "/api/v2/users/" + url.PathEscape(person), Query: url.Values{"q": {person}}, Body: []byte(person),
			})
			fmt.Fprintf(&texts, "%v %+v %#v\n", err, err, err)
			time.Sleep(time.Minute)
		}
		fmt.Fprintf(&texts, "%+v %#v %+v", c, c, c.Stats())
		require.Contains(t, log.String(), `"path":"/api/v2/users/{id}","status":403`)
		require.NotContains(t, log.String()+texts.String(), "canary")
	})
}

func TestATransportThatPanicsOrDoesNotReturnFailsItsCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{
			login: func(_ context.Context, n int) (rest.Answer, error) {
				switch n {
				case 1:
					panic("canary")
				case 2:
					runtime.Goexit()
				}
				return tokenAnswer(n, time.Hour), nil
			},
			do: func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
				switch {
				case nth <= 3:
					panic("canary")
				case nth <= 6:
					runtime.Goexit()
				}
				return rest.Answer{Status: 200}, nil
			}}
		c := newClient(t, p, func(c *rest.Config) { c.MaxInFlight = 2 })
		for range 5 { // two logins, three calls
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			err := call(ctx, c)
			cancel()
			require.Error(t, err)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.NotContains(t, err.Error(), "canary")
			time.Sleep(2 * time.Minute)
		}
		for range 3 { // of which the goroutines end
			go func() { _ = call(t.Context(), c) }()
			synctest.Wait()
		}
		require.NoError(t, call(t.Context(), c))
		require.Zero(t, c.Stats().InFlight)
	})
}

// asking is a handler that looks how the client does.
type asking struct{ ask func() }

func (a asking) Enabled(context.Context, slog.Level) bool  { return true }
func (a asking) Handle(context.Context, slog.Record) error { a.ask(); return nil }
func (a asking) WithAttrs([]slog.Attr) slog.Handler        { return a }
func (a asking) WithGroup(string) slog.Handler             { return a }

// It runs in real time: who waits for a lock is not idle for synctest.
func TestALoggerMayAskTheClientHowItDoes(t *testing.T) {
	var c *rest.Client
	p := &platform{login: func(context.Context, int) (rest.Answer, error) { return rest.Answer{Status: 503}, nil }}
	c, err := rest.New(rest.Config{Transport: p, ClientID: "client", ClientSecret: secret, Logger: slog.New(asking{func() { _ = c.Stats() }})})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.True(t, genesys.HasStatus(call(ctx, c), 503))
	c.Close() // not in the end of a test that hangs
}

func TestAListEndsWhereThePlatformSaysThatNothingFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, &platform{do: func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			next := ""
			if nth < 3 {
				next = `,"nextUri":"/api/v2/users?pageNumber=` + strconv.Itoa(nth+1) + `"`
			}
			return rest.Answer{Status: 200, Body: []byte(`{"entities":[{"id":"u"}]` + next + `}`)}, nil
		}})
		n := 0
		for _, err := range rest.Entities[struct{ ID string }](t.Context(), c, genesys.Request{Path: "/api/v2/users"}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 3, n)
	})
}
