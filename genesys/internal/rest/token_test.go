package rest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

func TestAThousandCallersShareOneTokenRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) {
			time.Sleep(time.Second)
			return tokenAnswer(n, time.Hour), nil
		}}
		c := newClient(t, p, func(c *rest.Config) { c.RequestsPerMinute, c.MaxInFlight = 10_000, 1000 })
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() { require.NoError(t, call(t.Context(), c)) })
		}
		group.Wait()
		require.Equal(t, 1, p.loginCount())
		require.EqualValues(t, 1, c.Stats().TokenCalls)
	})
}

func TestACallerWhoLeavesDoesNotEndTheTokenRequestOfTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(ctx context.Context, n int) (rest.Answer, error) {
			select {
			case <-time.After(10 * time.Second):
				return tokenAnswer(n, time.Hour), nil
			case <-ctx.Done():
				return rest.Answer{}, ctx.Err()
			}
		}}
		c := newClient(t, p)
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() { require.ErrorIs(t, call(hurried, c), context.DeadlineExceeded) })
		synctest.Wait()
		group.Go(func() { require.NoError(t, call(t.Context(), c)) })
		group.Wait()
		require.Equal(t, 1, p.loginCount())
	})
}

func TestATokenIsRenewedBetweenSixtyFiveAndSeventyFivePercentOfItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) { return tokenAnswer(n, 1000*time.Second), nil }}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		time.Sleep(649 * time.Second)
		require.NoError(t, call(t.Context(), c))
		synctest.Wait()
		require.Equal(t, 1, p.loginCount())
		time.Sleep(102 * time.Second)
		require.NoError(t, call(t.Context(), c), "the call does not wait for the renewal")
		synctest.Wait()
		require.Equal(t, 2, p.loginCount())
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, []string{"t1", "t1", "t1", "t2"}, p.tokens)
	})
}

func TestRenewalsOfManyProcessesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const life = 1000
		renewals := map[int]bool{}
		for range 20 {
			p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) { return tokenAnswer(n, life*time.Second), nil }}
			c := newClient(t, p)
			started := time.Now()
			for p.loginCount() < 2 {
				require.NoError(t, call(t.Context(), c))
				synctest.Wait()
				time.Sleep(5 * time.Second)
			}
			renewals[int(time.Since(started).Seconds())/10] = true
		}
		require.Greater(t, len(renewals), 3)
	})
}

func TestALoginHostThatFailsForAnHourDoesNotStopCallsWhileTheTokenIsValid(t *testing.T) {
	for name, failure := range map[string]func() (rest.Answer, error){
		"503":               func() (rest.Answer, error) { return rest.Answer{Status: 503}, nil },
		"no network":        func() (rest.Answer, error) { return rest.Answer{}, errors.New("connection refused") },
		"no token":          func() (rest.Answer, error) { return rest.Answer{Status: 200, Body: []byte(`<html>`)}, nil },
		"secret is rotated": func() (rest.Answer, error) { return rest.Answer{Status: 401}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) {
					if since := time.Since(began); since > time.Hour && since < 4*time.Hour-30*time.Minute {
						return failure()
					}
					return tokenAnswer(n, 4*time.Hour), nil
				}}
				c := newClient(t, p)
				for time.Since(began) < 6*time.Hour {
					require.NoError(t, call(t.Context(), c), "after %v", time.Since(began))
					time.Sleep(10 * time.Second)
				}
				synctest.Wait()
				require.Greater(t, p.loginCount(), 30, "it goes on trying")
				require.Less(t, p.loginCount(), 150, "about once a minute")
				require.Contains(t, p.tokens[len(p.tokens)-1], "t")
				require.NotEqual(t, "t1", p.tokens[len(p.tokens)-1], "it has recovered")
			})
		})
	}
}

func TestWithoutAValidTokenCallsFailAndRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) {
			if down {
				return rest.Answer{Status: 503}, nil
			}
			return tokenAnswer(n, time.Minute), nil
		}}
		c := newClient(t, p)
		began := time.Now()
		for time.Since(began) < time.Hour {
			err := call(t.Context(), c)
			var e *genesys.APIError
			require.ErrorAs(t, err, &e)
			require.Equal(t, 503, e.Status)
			require.Equal(t, "/oauth/token", e.Path)
			require.False(t, e.Permanent())
			time.Sleep(time.Second)
		}
		require.Less(t, p.loginCount(), 150, "the login host is asked with growing pauses, not by every call")
		require.Zero(t, p.count(), "nothing is sent without a token")
		down = false
		time.Sleep(2 * time.Minute)
		require.NoError(t, call(t.Context(), c))
	})
}

func TestTheLoginHostIsLeftAloneUntilItsRetryAfterHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) {
			if n == 1 {
				return rest.Answer{Status: 429, Header: header("Retry-After", "300")}, nil
			}
			return tokenAnswer(n, time.Hour), nil
		}}
		c := newClient(t, p)
		for range 299 {
			err := call(t.Context(), c)
			require.True(t, genesys.HasStatus(err, 429))
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, p.loginCount())
		var e *genesys.APIError
		require.ErrorAs(t, call(t.Context(), c), &e)
		require.Equal(t, time.Second, e.RetryAfter, "an error says how long is left")
		time.Sleep(time.Second)
		require.NoError(t, call(t.Context(), c))
	})
}

func TestRefusedCredentialsAreAPermanentErrorThatSaysWhatToCheck(t *testing.T) {
	for name, answer := range map[string]rest.Answer{
		"400":                {Status: 400, Body: []byte(`{"error":"invalid_client","description":"client not found: ` + secret + `"}`)},
		"401":                {Status: 401, Body: []byte(`{"error":"invalid_client","error_description":"` + person + `"}`)},
		"401 without a body": {Status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, &platform{login: func(context.Context, int) (rest.Answer, error) { return answer, nil }})
				err := call(t.Context(), c)
				require.ErrorIs(t, err, genesys.ErrCredentials)
				require.True(t, genesys.IsPermanent(err))
				require.ErrorContains(t, err, "client id")
				require.NotContains(t, err.Error(), "canary")
				require.True(t, genesys.IsPermanent(call(t.Context(), c)), "and stays so")
			})
		})
	}
	t.Run("a fault of the login host is not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, &platform{login: func(context.Context, int) (rest.Answer, error) { return rest.Answer{Status: 500}, nil }})
			require.False(t, genesys.IsPermanent(call(t.Context(), c)))
		})
	})
}

// valid accepts the given tokens.
func valid(accepted func(token string) bool) func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
	return func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
		if accepted(o.Token) {
			return rest.Answer{Status: 200, Body: []byte(`{}`)}, nil
		}
		return rest.Answer{Status: 401, Body: []byte(`{"code":"bad.credentials"}`)}, nil
	}
}

func TestARevokedTokenIsReplacedOnceAndTheCallRepeatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := "t1"
		p := &platform{do: valid(func(token string) bool { return token == good })}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		for _, good = range []string{"t2", "t3"} {
			require.NoError(t, call(t.Context(), c))
		}
		require.Equal(t, []string{"t1", "t1", "t2", "t2", "t3"}, p.tokens)
		require.Equal(t, 3, p.loginCount())
	})
}

func TestAHundredCallsWithARevokedTokenAskForOneNewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		good := valid(func(token string) bool { return token == "t2" })
		p.do = func(ctx context.Context, nth int, o rest.Outgoing) (rest.Answer, error) {
			time.Sleep(time.Second)
			return good(ctx, nth, o)
		}
		c := newClient(t, p, func(c *rest.Config) { c.MaxInFlight = 100 })
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() { require.NoError(t, call(t.Context(), c)) })
		}
		group.Wait()
		require.Equal(t, 2, p.loginCount())
		require.Equal(t, 200, p.count())
	})
}

func TestA401ThatANewTokenDoesNotCureIsReturnedWithoutALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: valid(func(string) bool { return false })}
		c := newClient(t, p)
		err := call(t.Context(), c)
		require.True(t, genesys.HasStatus(err, 401))
		require.Equal(t, 2, p.count())
		require.Equal(t, 2, p.loginCount())
		for range 600 { // ten minutes
			require.True(t, genesys.HasStatus(call(t.Context(), c), 401))
			time.Sleep(time.Second)
		}
		require.Less(t, p.loginCount(), 25, "the login host is not asked for every such call")
	})
}

func TestACallThatIsAlwaysRefusedIsRepeatedOnceAlsoWhenOthersSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := 0
		p := &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			if o.Path == ping.Path {
				time.Sleep(10 * time.Second) // meanwhile other calls succeed with the same token
				refused++
				return rest.Answer{Status: 401}, nil
			}
			return rest.Answer{Status: 200}, nil
		}}
		c := newClient(t, p)
		var group sync.WaitGroup
		group.Go(func() { keepCalling(t, c, 1, 5*time.Minute, genesys.Request{Path: "/api/v2/users"}) })
		require.True(t, genesys.HasStatus(call(t.Context(), c), 401))
		require.Equal(t, 2, refused)
		group.Wait()
	})
}

func TestAPathThatIsAlwaysRefusedDoesNotCostALoginForEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			if o.Path == ping.Path {
				return rest.Answer{Status: 401}, nil
			}
			return rest.Answer{Status: 200}, nil
		}}
		c := newClient(t, p)
		for range 600 { // ten minutes
			require.True(t, genesys.HasStatus(call(t.Context(), c), 401))
			_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/users"})
			require.NoError(t, err, "which proves that the token is good")
			time.Sleep(time.Second)
		}
		require.Less(t, p.loginCount(), 25)
	})
}

func TestATokenOfAnInstantIsNotAskedForWithEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(context.Context, int) (rest.Answer, error) {
			return rest.Answer{Status: 200, Body: []byte(`{"access_token":"x","expires_in":0.0001}`)}, nil
		}}
		c := newClient(t, p)
		began := time.Now()
		for range 200 {
			require.NoError(t, call(t.Context(), c))
			time.Sleep(10 * time.Millisecond)
		}
		require.Less(t, p.loginCount(), 2*int(time.Since(began).Seconds()))
	})
}

func TestA401WhileTheLoginHostIsDownFailsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := "t1"
		p := &platform{do: valid(func(token string) bool { return token == good })}
		p.login = func(_ context.Context, n int) (rest.Answer, error) {
			if n > 1 && n < 4 {
				return rest.Answer{Status: 500}, nil
			}
			return tokenAnswer(n, time.Hour), nil
		}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		good = "t4"
		require.True(t, genesys.HasStatus(call(t.Context(), c), 500))
		time.Sleep(10 * time.Second)
		require.Error(t, call(t.Context(), c))
		time.Sleep(10 * time.Second)
		require.NoError(t, call(t.Context(), c))
	})
}

func TestAnAnswerWithoutALifetimeIsUsedForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(context.Context, int) (rest.Answer, error) {
			return rest.Answer{Status: 200, Body: []byte(`{"access_token":"x"}`)}, nil
		}}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, time.Now().Add(time.Hour-10*time.Second), c.Stats().TokenExpiry)
	})
}

func TestATokenThatLivesForASecondDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(_ context.Context, n int) (rest.Answer, error) { return tokenAnswer(n, time.Second), nil }}
		c := newClient(t, p)
		for range 10 {
			require.NoError(t, call(t.Context(), c))
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		require.Equal(t, 10, p.loginCount())
	})
}

func TestCloseEndsALoginAndLetsCallsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{login: func(ctx context.Context, _ int) (rest.Answer, error) {
			<-ctx.Done()
			return rest.Answer{}, ctx.Err()
		}}
		c := newClient(t, p)
		var group sync.WaitGroup
		group.Go(func() { require.ErrorContains(t, call(t.Context(), c), "closed") })
		synctest.Wait()
		c.Close()
		group.Wait()
		require.ErrorContains(t, call(t.Context(), c), "closed")
	})
}
