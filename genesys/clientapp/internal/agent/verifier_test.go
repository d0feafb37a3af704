package agent_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp/internal/agent"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	organization = "99999999-aaaa-4bbb-8ccc-000000000001" // the simulator's
	app          = "bridge-client"
)

// bubble is a test in virtual time, with a simulator and a verifier.
type bubble struct {
	*testing.T
	server   *genesystest.Server
	verifier *agent.Verifier
}

func within(t *testing.T, do func(b *bubble), opts ...func(*agent.Config, *[]genesystest.Option)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := agent.Config{OrganizationID: organization, ClientID: app}
		simulated := []genesystest.Option{genesystest.InMemory(), genesystest.RateLimit(0),
			genesystest.Users(genesystest.Entry{ID: "u-1", Name: "Ada", Division: "d-7"}, genesystest.Entry{ID: "u-2", Name: "Ben", State: "inactive"})}
		for _, o := range opts {
			o(&c, &simulated)
		}
		s := genesystest.NewServer(t, simulated...)
		c.BaseURL, c.HTTP = s.URL(), s.HTTPClient()
		if c.API != nil {
			c.API = s.API()
		}
		v := agent.New(c)
		t.Cleanup(v.Close)
		do(&bubble{t, s, v})
	})
}

func configured(change func(*agent.Config)) func(*agent.Config, *[]genesystest.Option) {
	return func(c *agent.Config, _ *[]genesystest.Option) { change(c) }
}

func simulated(o genesystest.Option) func(*agent.Config, *[]genesystest.Option) {
	return func(_ *agent.Config, all *[]genesystest.Option) { *all = append(*all, o) }
}

// withOwnCredentials lets the verifier read users as the backend.
var withOwnCredentials = configured(func(c *agent.Config) { c.API = theServers{} })

// theServers stands for the API of the simulator, which is not started yet.
type theServers struct{ genesys.API }

func (b *bubble) login(user string) string {
	return b.server.LogIn(genesystest.Login{ClientID: app, UserID: user})
}

func (b *bubble) verify(token string) (agent.Agent, error) {
	return b.verifier.Verify(b.Context(), token)
}

// asked counts the requests that the simulator has got, by path.
func (b *bubble) asked() map[string]int {
	count := map[string]int{}
	for _, r := range b.server.Requests() {
		count[strings.TrimPrefix(r.Path, "/api/v2/")]++
	}
	return count
}

func TestAnActiveUserOfTheOrganisationAndTheClientIsVerified(t *testing.T) {
	within(t, func(b *bubble) {
		who, err := b.verify(b.login("u-1"))
		require.NoError(b, err)
		require.Equal(b, agent.Agent{ID: "u-1", Name: "Ada", Email: "u-1@example.com", DivisionID: "d-7"}, who)
	})
}

func TestOtherTokensAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		login  genesystest.Login
		reason error
		status int
	}{
		"of another organisation":                      {genesystest.Login{ClientID: app, UserID: "u-1", OrganizationID: "99999999-aaaa-4bbb-8ccc-000000000002"}, agent.ErrOrganization, 403},
		"of another client":                            {genesystest.Login{ClientID: "another-app", UserID: "u-1"}, agent.ErrClient, 403},
		"of another organisation with our client's id": {genesystest.Login{ClientID: app, UserID: "u-1", OrganizationID: "x"}, agent.ErrOrganization, 403},
		"of a client with credentials of its own":      {genesystest.Login{ClientID: app}, agent.ErrNotAUser, 403},
		"of a guest":                  {genesystest.Login{ClientID: app, UserID: "u-1", Cloned: true}, agent.ErrClone, 403},
		"of a user who is not active": {genesystest.Login{ClientID: app, UserID: "u-2"}, agent.ErrInactive, 403},
		"that has expired":            {genesystest.Login{ClientID: app, UserID: "u-1", Lifetime: time.Nanosecond}, agent.ErrToken, 401},
	} {
		within(t, func(b *bubble) {
			token := b.server.LogIn(c.login)
			time.Sleep(time.Second)
			for range 2 { // the second time from memory
				who, err := b.verify(token)
				require.ErrorIs(b, err, c.reason, name)
				require.Zero(b, who, name)
				status, _ := agent.Status(err)
				require.Equal(b, c.status, status, name)
				require.NotContains(b, err.Error(), token, name)
			}
			require.LessOrEqual(b, b.asked()["tokens/me"], 1, name)
		})
	}
}

func TestWhatCannotBeATokenIsRefusedWithoutAskingGenesys(t *testing.T) {
	within(t, func(b *bubble) {
		for _, s := range []string{"", " ", "a b", "a\r\nX-Evil: 1", "tökén", strings.Repeat("a", 5000), "=", "a\x00"} {
			_, err := b.verify(s)
			require.ErrorIs(b, err, agent.ErrToken, "%q", s)
		}
		require.Empty(b, b.asked())
	})
}

func TestAVerdictHoldsForFiveMinutesAndNoLonger(t *testing.T) {
	for name, c := range map[string]struct {
		age, holds time.Duration
	}{"by default": {0, 5 * time.Minute}, "at most": {time.Hour, 5 * time.Minute}, "less when that is configured": {time.Minute, time.Minute}} {
		within(t, func(b *bubble) {
			token := b.login("u-1")
			_, err := b.verify(token)
			require.NoError(b, err)
			require.True(b, b.server.RevokeToken(token))
			time.Sleep(c.holds - time.Second)
			_, err = b.verify(token)
			require.NoError(b, err, name)
			require.Equal(b, 1, b.asked()["tokens/me"], name)
			time.Sleep(time.Second)
			_, err = b.verify(token)
			require.ErrorIs(b, err, agent.ErrToken, name)
		}, configured(func(v *agent.Config) { v.MaxAge = c.age }))
	}
}

func TestAVerdictHoldsNoLongerThanTheTokenIsIdle(t *testing.T) {
	within(t, func(b *bubble) {
		token := b.login("u-1")
		_, err := b.verify(token)
		require.NoError(b, err)
		time.Sleep(2*time.Minute + time.Second) // the moment of users/me may count as use
		_, err = b.verify(token)
		require.ErrorIs(b, err, agent.ErrToken)
	}, simulated(genesystest.IdleTimeout(2*time.Minute)))
}

func TestVerifyingDoesNotKeepATokenFromIdling(t *testing.T) {
	within(t, func(b *bubble) {
		token, began := b.login("u-1"), time.Now()
		for {
			if _, err := b.verify(token); err != nil {
				require.ErrorIs(b, err, agent.ErrToken)
				break
			}
			require.Less(b, time.Since(began), time.Hour, "the token is never idle")
			time.Sleep(30 * time.Second)
		}
		require.LessOrEqual(b, time.Since(began), 21*time.Minute)
		require.Equal(b, 1, b.asked()["users/me"], "asked once, when the token came")
	}, simulated(genesystest.IdleTimeout(20*time.Minute)), withOwnCredentials)
}

func TestAUserWhoIsDeactivatedIsRefusedWithinFiveMinutes(t *testing.T) {
	for _, own := range []bool{true, false} {
		opts := []func(*agent.Config, *[]genesystest.Option){}
		if own {
			opts = append(opts, withOwnCredentials)
		}
		within(t, func(b *bubble) {
			token := b.login("u-1")
			_, err := b.verify(token)
			require.NoError(b, err)
			b.server.AddUsers(genesystest.Entry{ID: "u-1", Name: "Ada", State: "inactive"})
			time.Sleep(5 * time.Minute)
			_, err = b.verify(token)
			require.ErrorIs(b, err, agent.ErrInactive)
			b.server.RemoveUsers("u-1")
			b.server.AddUsers(genesystest.Entry{ID: "u-1", Name: "Ada"})
			time.Sleep(5 * time.Minute)
			_, err = b.verify(token)
			require.NoError(b, err)
		}, opts...)
	}
}

func TestADeletedUserIsRefused(t *testing.T) {
	within(t, func(b *bubble) {
		token := b.login("u-1")
		_, err := b.verify(token)
		require.NoError(b, err)
		b.server.RemoveUsers("u-1")
		time.Sleep(5 * time.Minute)
		_, err = b.verify(token)
		require.ErrorIs(b, err, agent.ErrInactive)
	}, withOwnCredentials)
}

func TestManyCallsWithOneTokenAreOneCheck(t *testing.T) {
	within(t, func(b *bubble) {
		b.server.Faults().Slow(time.Second)
		token := b.login("u-1")
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				_, err := b.verify(token)
				require.NoError(b, err)
			})
		}
		all.Wait()
		require.Equal(b, map[string]int{"tokens/me": 1, "users/me": 1}, b.asked())
	})
}

func TestWhoGoesAwayDoesNotEndTheCheckOfTheOthers(t *testing.T) {
	within(t, func(b *bubble) {
		b.server.Faults().Slow(time.Second)
		token := b.login("u-1")
		ctx, cancel := context.WithTimeout(b.Context(), time.Millisecond)
		defer cancel()
		_, err := b.verifier.Verify(ctx, token)
		require.ErrorIs(b, err, agent.ErrUnverified)
		require.ErrorIs(b, err, context.DeadlineExceeded)
		_, err = b.verify(token)
		require.NoError(b, err)
		require.Equal(b, 1, b.asked()["tokens/me"])
	})
}

func TestWhileGenesysDoesNotAnswerNobodyIsToldThatATokenIsWrong(t *testing.T) {
	for name, fail := range map[string]func(*genesystest.Faults) func(){
		"500":            func(f *genesystest.Faults) func() { return f.ServerErrors(0, 500) },
		"503":            func(f *genesystest.Faults) func() { return f.ServerErrors(0, 503) },
		"404 of a proxy": func(f *genesystest.Faults) func() { return f.ServerErrors(0, 404) },
		"nothing":        func(f *genesystest.Faults) func() { return f.Hang() },
		"cut":            func(f *genesystest.Faults) func() { return f.Requests(genesystest.RequestFault{Cut: true}) },
		"a proxy's page": func(f *genesystest.Faults) func() { return f.Requests(genesystest.RequestFault{Page: "<html>sign in"}) },
		"another object": func(f *genesystest.Faults) func() { return f.Requests(genesystest.RequestFault{Page: `{"hello":1}`}) },
		"too many":       func(f *genesystest.Faults) func() { return f.TooManyRequests(0, 7*time.Second) },
		"users/me is 500": func(f *genesystest.Faults) func() {
			return f.Requests(genesystest.RequestFault{Status: 500, Match: func(_, path string) bool { return path == "/api/v2/users/me" }})
		},
	} {
		within(t, func(b *bubble) {
			token := b.login("u-1")
			undo := fail(b.server.Faults())
			_, err := b.verify(token)
			require.ErrorIs(b, err, agent.ErrUnverified, name)
			status, _ := agent.Status(err)
			require.Equal(b, http.StatusServiceUnavailable, status, name)
			require.NotContains(b, err.Error(), token, name)
			undo()
			time.Sleep(7 * time.Second)
			_, err = b.verify(token)
			require.NoError(b, err, name)
		})
	}
}

func TestGenesysIsLeftAloneUntilRetryAfter(t *testing.T) {
	within(t, func(b *bubble) {
		b.server.Faults().TooManyRequests(1, 40*time.Second)
		token := b.login("u-1")
		for range 39 {
			_, err := b.verify(token)
			require.ErrorIs(b, err, agent.ErrUnverified)
			_, wait := agent.Status(err)
			require.Equal(b, 40*time.Second, wait)
			time.Sleep(time.Second)
		}
		require.Equal(b, 1, b.asked()["tokens/me"])
		time.Sleep(time.Second)
		_, err := b.verify(token)
		require.NoError(b, err)
	})
}

func TestATokenThatGenesysRefusesByItsScopeIsRefused(t *testing.T) {
	within(t, func(b *bubble) {
		b.server.Faults().Requests(genesystest.RequestFault{Status: 403, Match: func(_, path string) bool { return path == "/api/v2/users/me" }})
		_, err := b.verify(b.login("u-1"))
		require.ErrorIs(b, err, agent.ErrScope)
	})
}

func TestARedirectIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		v := agent.New(agent.Config{BaseURL: "https://api.mypurecloud.de", OrganizationID: organization, ClientID: app,
			HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				sent++
				require.Equal(t, "api.mypurecloud.de", r.URL.Host)
				return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody}, nil
			})}})
		defer v.Close()
		_, err := v.Verify(t.Context(), "a-token")
		require.ErrorIs(t, err, agent.ErrUnverified)
		require.Equal(t, 1, sent)
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestOnlySoManyTokensAreCheckedAtATimeAndThoseWhoAreKnownGoOn(t *testing.T) {
	within(t, func(b *bubble) {
		known := b.login("u-1")
		_, err := b.verify(known)
		require.NoError(b, err)
		undo := b.server.Faults().Hang()
		for i := range 3 {
			go func() { _, _ = b.verify(fmt.Sprintf("somebody-%d", i)) }()
		}
		synctest.Wait()
		_, err = b.verify("one-more")
		require.ErrorIs(b, err, agent.ErrUnverified)
		require.Equal(b, 4, b.asked()["tokens/me"])
		_, err = b.verify(known)
		require.NoError(b, err)
		undo()
		synctest.Wait()
	}, configured(func(c *agent.Config) { c.MaxChecks = 3 }))
}

func TestAUserWhoCallsTooOftenIsToldWhenToComeAgain(t *testing.T) {
	within(t, func(b *bubble) {
		one, other := b.login("u-1"), b.login("u-1")
		for i := range 20 { // of all tokens of the user together
			_, err := b.verify([]string{one, other}[i%2])
			require.NoError(b, err)
		}
		_, err := b.verify(one)
		require.ErrorIs(b, err, agent.ErrRate)
		status, wait := agent.Status(err)
		require.Equal(b, http.StatusTooManyRequests, status)
		require.Equal(b, time.Second, wait)
		b.server.AddUsers(genesystest.Entry{ID: "u-3"})
		_, err = b.verify(b.login("u-3"))
		require.NoError(b, err, "others may call")
		time.Sleep(wait)
		_, err = b.verify(one)
		require.NoError(b, err)
		_, err = b.verify(one)
		require.ErrorIs(b, err, agent.ErrRate)
		time.Sleep(time.Hour)
		for range 20 {
			_, err = b.verify(one)
			require.NoError(b, err)
		}
		_, err = b.verify(one)
		require.ErrorIs(b, err, agent.ErrRate)
	}, configured(func(c *agent.Config) { c.PerMinute, c.Burst = 60, 20 }))
}

func TestMemoryIsBounded(t *testing.T) {
	within(t, func(b *bubble) {
		first := b.login("u-1")
		_, err := b.verify(first)
		require.NoError(b, err)
		for i := range 10 {
			_, err := b.verify(fmt.Sprintf("somebody-%d", i))
			require.ErrorIs(b, err, agent.ErrToken)
			_, err = b.verify(first) // what is used stays
			require.NoError(b, err)
		}
		require.Equal(b, 11, b.asked()["tokens/me"])
		_, err = b.verify("somebody-0") // and what is not goes
		require.ErrorIs(b, err, agent.ErrToken)
		require.Equal(b, 12, b.asked()["tokens/me"])
	}, configured(func(c *agent.Config) { c.Keep = 3 }))
}

func TestAForgottenVerdictIsAskedForAgain(t *testing.T) {
	within(t, func(b *bubble) {
		token := b.login("u-1")
		_, err := b.verify(token)
		require.NoError(b, err)
		b.server.RevokeToken(token)
		b.verifier.Forget(token)
		_, err = b.verify(token)
		require.ErrorIs(b, err, agent.ErrToken)
	})
}

func TestEveryReasonHasItsStatus(t *testing.T) {
	for err, status := range map[error]int{
		agent.ErrToken: 401, agent.ErrOrganization: 403, agent.ErrClient: 403, agent.ErrNotAUser: 403, agent.ErrClone: 403,
		agent.ErrInactive: 403, agent.ErrScope: 403, agent.ErrUnverified: 503, &agent.RateError{}: 429, errors.New("any"): 503,
	} {
		got, _ := agent.Status(fmt.Errorf("wrapped: %w", err))
		require.Equal(t, status, got, err)
	}
}
