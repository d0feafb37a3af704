package rest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

var repair = genesys.Request{Path: "/api/v2/conversations/1", Repair: true}

// keepCalling lets n callers call without a pause until d has passed. It
// returns when all have ended.
func keepCalling(t *testing.T, c *rest.Client, n int, d time.Duration, r genesys.Request) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			for ctx.Err() == nil {
				_, _ = c.Call(ctx, r)
			}
		})
	}
	group.Wait()
}

// fullest returns the most times within any window of that length.
func fullest(times []time.Time, window time.Duration) int {
	most := 0
	for i, from := range times {
		n, _ := slices.BinarySearchFunc(times[i:], from.Add(window), time.Time.Compare)
		most = max(most, n)
	}
	return most
}

func TestNoRequestBeforeRetryAfter(t *testing.T) {
	for name, value := range map[string]func() string{
		"in seconds": func() string { return "37" },
		"as a date":  func() string { return time.Now().UTC().Add(37 * time.Second).Format("Mon, 02 Jan 2006 15:04:05 GMT") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var throttled, next time.Time
				p := &platform{}
				p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
					switch {
					case nth == 5:
						throttled = time.Now()
						return rest.Answer{Status: 429, Header: header("Retry-After", value())}, nil
					case nth == 6:
						next = time.Now()
					}
					return rest.Answer{Status: 200}, nil
				}
				c := newClient(t, p)
				for range 4 {
					require.NoError(t, call(t.Context(), c))
				}
				var e *genesys.APIError
				require.ErrorAs(t, call(t.Context(), c), &e)
				require.Equal(t, 429, e.Status)
				require.Equal(t, 37*time.Second, e.RetryAfter)
				var group sync.WaitGroup
				for i := range 50 {
					r := ping
					r.Repair = i%2 == 0
					group.Go(func() {
						_, err := c.Call(t.Context(), r)
						require.NoError(t, err)
					})
				}
				synctest.Wait()
				s := c.Stats()
				require.Equal(t, 50, s.Waiting)
				require.Equal(t, throttled.Add(37*time.Second), s.PausedUntil)
				require.Zero(t, s.Remaining)
				group.Wait()
				require.Equal(t, 37*time.Second, next.Sub(throttled))
				require.EqualValues(t, 1, c.Stats().Throttled)
			})
		})
	}
}

func TestARetryAfterHoldsAlsoWhenTheBodyBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			if nth == 1 {
				return rest.Answer{Status: 429, Header: header("Retry-After", "30")}, errors.New("connection reset")
			}
			return rest.Answer{Status: 200}, nil
		}
		c := newClient(t, p)
		require.True(t, genesys.HasStatus(call(t.Context(), c), 429))
		began := time.Now()
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, 30*time.Second, time.Since(began))
	})
}

func TestTheLongestOfSeveralRetryAftersHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			time.Sleep(time.Second)
			switch nth {
			case 1:
				return rest.Answer{Status: 429, Header: header("Retry-After", "60")}, nil
			case 2:
				return rest.Answer{Status: 429, Header: header("Retry-After", "5")}, nil
			}
			return rest.Answer{Status: 200}, nil
		}
		c := newClient(t, p)
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() { require.Error(t, call(t.Context(), c)) })
		}
		group.Wait()
		began := time.Now()
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, 61*time.Second, time.Since(began))
	})
}

func TestA429WithoutRetryAfterPausesUntilTheWindowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			if nth == 1 {
				return rest.Answer{Status: 429, Header: limits(301, 300, 42*time.Second)}, nil
			}
			return rest.Answer{Status: 200}, nil
		}
		c := newClient(t, p)
		require.Error(t, call(t.Context(), c))
		began := time.Now()
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, 43*time.Second, time.Since(began), "and a second, as the platform's seconds are whole")
	})
}

func TestA429ThatSaysNothingPausesLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) { return rest.Answer{Status: 429}, nil }}
		c := newClient(t, p)
		for range 10 {
			require.Error(t, call(t.Context(), c))
		}
		var pauses []time.Duration
		for i := range p.sent[1:] {
			pauses = append(pauses, p.sent[i+1].Sub(p.sent[i]))
		}
		s := time.Second
		require.Equal(t, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s}, pauses)
	})
}

func TestAfterA429ThereIsNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			if nth == 1 {
				return rest.Answer{Status: 429, Header: header("Retry-After", "10")}, nil
			}
			return rest.Answer{Status: 200}, nil
		}
		c := newClient(t, p)
		require.Error(t, call(t.Context(), c))
		keepCalling(t, c, 50, time.Minute, ping)
		require.LessOrEqual(t, fullest(p.sent, time.Second), 5)
	})
}

func TestA503WithRetryAfterLetsThatPathAloneAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, o rest.Outgoing) (rest.Answer, error) {
			if nth == 1 {
				return rest.Answer{Status: 503, Header: header("Retry-After", "120")}, nil
			}
			return rest.Answer{Status: 200}, nil
		}
		c := newClient(t, p)
		began := time.Now()
		_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/1"})
		require.True(t, genesys.HasStatus(err, 503))
		require.NoError(t, call(t.Context(), c))
		require.Zero(t, time.Since(began))
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Call(short, genesys.Request{Path: "/api/v2/conversations/2"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = c.Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/3"})
		require.NoError(t, err)
		require.Equal(t, 2*time.Minute, time.Since(began))
	})
}

func TestABurstOfHalfTheLimitGoesAtOnceAndTheRestEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		c := newClient(t, p, func(c *rest.Config) { c.MaxInFlight = 1000 })
		keepCalling(t, c, 20, 10*time.Minute, ping)
		began := p.sent[0]
		require.Equal(t, began, p.sent[149])
		for i := 150; i < 300; i++ {
			require.Equal(t, 200*time.Millisecond, p.sent[i].Sub(p.sent[i-1]))
		}
		after := slices.IndexFunc(p.sent, func(at time.Time) bool { return at.Sub(began) > 2*time.Minute })
		for i := after; i < len(p.sent); i++ {
			require.LessOrEqual(t, p.sent[i].Sub(p.sent[i-1]), 201*time.Millisecond, "a lasting load settles at an even rate")
		}
		require.InDelta(t, 3000, len(p.sent), 60, "and uses all of the limit")
	})
}

// The platform counts in windows that begin where it likes, and requests take
// their time to get there: still no window of it is exceeded.
func TestNoMinuteOfThePlatformSeesMoreThanTheLimit(t *testing.T) {
	for seed := range uint64(20) {
		t.Logf("seed %d", seed)
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			delay := func(most time.Duration) {
				mu.Lock()
				d := time.Duration(random.Int64N(int64(most)))
				mu.Unlock()
				time.Sleep(d)
			}
			allowed := 1 + random.IntN(400)
			var arrived []time.Time
			p := &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
				delay(3 * time.Second)
				mu.Lock()
				arrived = append(arrived, time.Now())
				mu.Unlock()
				delay(3 * time.Second)
				if seed%3 == 0 {
					return rest.Answer{}, errors.New("connection reset")
				}
				return rest.Answer{Status: 200}, nil
			}}
			c := newClient(t, p, func(c *rest.Config) { c.RequestsPerMinute, c.MaxInFlight = allowed, 1+random.IntN(100) })
			var group sync.WaitGroup
			for _, r := range []genesys.Request{ping, repair} {
				group.Go(func() { keepCalling(t, c, 60, 5*time.Minute, r) })
			}
			group.Wait()
			require.LessOrEqual(t, fullest(arrived, time.Minute), allowed)
			require.Zero(t, c.Stats().Waiting)
			require.Zero(t, c.Stats().InFlight)
		})
	}
}

func TestRepairNeverTakesMoreThanHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		c := newClient(t, p)
		began := time.Now()
		keepCalling(t, c, 100, 10*time.Minute, repair)
		require.LessOrEqual(t, fullest(p.sent, time.Minute), 150)
		require.InDelta(t, 1500, len(p.sent), 30, "but all of that half")
		// Goal R2: 1,000 conversations within 8 minutes.
		require.LessOrEqual(t, p.sent[999].Sub(began), 8*time.Minute)
	})
}

func TestLiveCallsAreNeverStarvedByRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
			time.Sleep(200 * time.Millisecond)
			return rest.Answer{Status: 200}, nil
		}}
		c := newClient(t, p)
		var group sync.WaitGroup
		group.Go(func() { keepCalling(t, c, 1000, 10*time.Minute, repair) })
		for range 1400 { // 140 a minute, which with repair's 150 is within the limit
			began := time.Now()
			require.NoError(t, call(t.Context(), c))
			require.LessOrEqual(t, time.Since(began), 400*time.Millisecond)
			time.Sleep(time.Minute/140 - time.Since(began))
		}
		group.Wait()
	})
}

func TestABurstOfLiveCallsIsNotSlowedByRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, &platform{})
		var group sync.WaitGroup
		group.Go(func() { keepCalling(t, c, 1000, 5*time.Minute, repair) })
		for range 4 {
			time.Sleep(61 * time.Second)
			began := time.Now()
			for range 140 {
				require.NoError(t, call(t.Context(), c))
			}
			require.Zero(t, time.Since(began))
		}
		group.Wait()
	})
}

func TestRepairThatHangsLeavesPlacesForLiveCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(ctx context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			if o.Path == repair.Path {
				<-ctx.Done()
				return rest.Answer{}, ctx.Err()
			}
			return rest.Answer{Status: 200}, nil
		}}
		c := newClient(t, p, func(c *rest.Config) { c.MaxInFlight = 4 })
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { _, _ = c.Call(ctx, repair) })
		}
		synctest.Wait()
		require.Equal(t, 2, c.Stats().InFlight)
		require.NoError(t, call(t.Context(), c))
		cancel()
		group.Wait()
	})
}

func TestLiveCallsGoBeforeRepairInTheOrderTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		p := &platform{do: func(_ context.Context, _ int, o rest.Outgoing) (rest.Answer, error) {
			order = append(order, o.Path[len("/api/v2/conversations/"):])
			return rest.Answer{Status: 200}, nil
		}}
		c := newClient(t, p, func(c *rest.Config) { c.RequestsPerMinute = 1 })
		var group sync.WaitGroup
		for _, id := range []string{"0", "r1", "r2", "a", "b"} {
			group.Go(func() {
				_, err := c.Call(t.Context(), genesys.Request{Path: "/api/v2/conversations/" + id, Repair: id[0] == 'r'})
				require.NoError(t, err)
			})
			synctest.Wait()
		}
		group.Wait()
		require.Equal(t, []string{"0", "a", "b", "r1", "r2"}, order)
	})
}

func TestACallThatIsAbandonedFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{do: func(ctx context.Context, _ int, _ rest.Outgoing) (rest.Answer, error) {
			<-ctx.Done()
			return rest.Answer{}, ctx.Err()
		}}
		c := newClient(t, p, func(c *rest.Config) { c.MaxInFlight = 2 })
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { require.ErrorIs(t, call(ctx, c), context.Canceled) })
		}
		synctest.Wait()
		require.Equal(t, 2, c.Stats().InFlight)
		require.Equal(t, 8, c.Stats().Waiting)
		cancel()
		group.Wait()
		require.Equal(t, 2, p.count(), "those that waited were never sent")
		s := c.Stats()
		require.Zero(t, s.InFlight)
		require.Zero(t, s.Waiting)
		p.do = nil
		require.NoError(t, call(t.Context(), c))
	})
}

func TestACallWhoseContextHasEndedIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, call(ctx, newClient(t, p)), context.Canceled)
		require.Zero(t, p.count())
		require.Zero(t, p.loginCount())
	})
}

func TestTheLimitIsWhatThePlatformSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
			return rest.Answer{Status: 200, Header: header("inin-ratelimit-allowed", "180")}, nil
		}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, 180, c.Stats().Allowed)
		require.Equal(t, 179, c.Stats().Remaining)
		keepCalling(t, c, 50, 5*time.Minute, ping)
		require.LessOrEqual(t, fullest(p.sent, time.Minute), 180)
	})
}

func TestWhatOtherProcessesUseIsLeftToThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			in := time.Since(began)
			if in < 50*time.Second { // 290 of the 300 are somebody else's
				return rest.Answer{Status: 200, Header: limits(290+nth, 300, 50*time.Second-in)}, nil
			}
			return rest.Answer{Status: 200, Header: limits(nth-10, 300, 110*time.Second-in)}, nil
		}
		c := newClient(t, p)
		require.NoError(t, call(t.Context(), c))
		require.Equal(t, 9, c.Stats().Remaining)
		keepCalling(t, c, 50, 49*time.Second, ping)
		require.Equal(t, 10, p.count())
		require.NoError(t, call(t.Context(), c))
		require.GreaterOrEqual(t, time.Since(began), 50*time.Second)
		require.LessOrEqual(t, time.Since(began), 52*time.Second)
		require.Greater(t, c.Stats().Remaining, 250)
	})
}

// Others with the same OAuth client use a third of each window. Answers come in
// any order, and with odd seeds some are lost.
func TestAWindowThatIsSharedWithOthersIsUsedUpAndNotExceeded(t *testing.T) {
	for seed := range uint64(20) {
		t.Logf("seed %d", seed)
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			const allowed, others, minutes = 300, 100, 10
			offset := time.Duration(random.Int64N(int64(time.Minute)))
			began := time.Now().Add(-offset)
			var mu sync.Mutex
			draw := func(n int64) int64 { mu.Lock(); defer mu.Unlock(); return random.Int64N(n) }
			delay := func() { time.Sleep(time.Duration(draw(int64(2 * time.Second)))) }
			counts := map[int]int{}
			p := &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
				delay()
				in := time.Since(began)
				window := int(in / time.Minute)
				mu.Lock()
				counts[window]++
				count := others + counts[window]
				mu.Unlock()
				delay()
				if seed%2 == 1 && draw(10) == 0 {
					return rest.Answer{}, errors.New("connection reset")
				}
				// As it was when the answer was written, in whole seconds.
				h := limits(count, allowed, time.Duration(window+1)*time.Minute-in)
				if count > allowed {
					return rest.Answer{Status: 429, Header: h}, nil
				}
				return rest.Answer{Status: 200, Header: h}, nil
			}}
			c := newClient(t, p)
			keepCalling(t, c, 40, minutes*time.Minute, ping)
			total := 0
			for window, n := range counts {
				require.LessOrEqual(t, others+n, allowed, "window %d", window)
				total += n
			}
			require.Greater(t, total, (minutes-1)*(allowed-others)*85/100, "and what is left is used")
		})
	}
}

func TestAnAnswerThatWasOvertakenByANewWindowSaysNothingAboutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			if nth == 1 {
				time.Sleep(12 * time.Second)
				return rest.Answer{Status: 200, Header: limits(299, 300, 2*time.Second)}, nil
			}
			return rest.Answer{Status: 200, Header: limits(10, 300, 58*time.Second)}, nil
		}
		c := newClient(t, p)
		var group sync.WaitGroup
		group.Go(func() { require.NoError(t, call(t.Context(), c)) })
		time.Sleep(5 * time.Second)
		require.NoError(t, call(t.Context(), c))
		group.Wait()
		require.Equal(t, 290, c.Stats().Remaining)
	})
}

func TestTheEarliestEndOfAWindowThatWasToldHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answers := range [][]time.Duration{{50 * time.Second, 48 * time.Second}, {48 * time.Second, 50 * time.Second}} {
			p := &platform{}
			p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
				switch nth {
				case 1:
					return rest.Answer{Status: 200, Header: limits(299, 300, answers[0])}, nil
				case 2:
					return rest.Answer{Status: 429, Header: limits(301, 300, answers[1])}, nil
				}
				return rest.Answer{Status: 200}, nil
			}
			c := newClient(t, p)
			for range 2 {
				_ = call(t.Context(), c)
			}
			began := time.Now()
			require.NoError(t, call(t.Context(), c))
			require.Equal(t, 49*time.Second, time.Since(began))
		}
	})
}

func TestALowerLimitHoldsAtOnceAndAHigherOneWhenItLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allowed := "300"
		p := &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
			return rest.Answer{Status: 200, Header: header("inin-ratelimit-allowed", allowed)}, nil
		}}
		c := newClient(t, p)
		for _, step := range []struct {
			told string
			held int
		}{{"300", 300}, {"100", 100}, {"300", 100}} {
			allowed = step.told
			require.NoError(t, call(t.Context(), c))
			require.Equal(t, step.held, c.Stats().Allowed)
		}
		for range 20 {
			time.Sleep(10 * time.Second)
			require.NoError(t, call(t.Context(), c))
		}
		require.Equal(t, 300, c.Stats().Allowed)
	})
}

func TestHeadersThatMakeNoSenseAreNotBelieved(t *testing.T) {
	for _, h := range [][]string{
		{"inin-ratelimit-allowed", "0"}, {"inin-ratelimit-allowed", "-5"}, {"inin-ratelimit-allowed", "many"},
		{"inin-ratelimit-count", "500", "inin-ratelimit-allowed", "300", "inin-ratelimit-reset", "1893456000"},
		{"inin-ratelimit-count", "500"}, {"inin-ratelimit-reset", "9"}, {"Retry-After", "600"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, &platform{do: func(context.Context, int, rest.Outgoing) (rest.Answer, error) {
				return rest.Answer{Status: 200, Header: header(h...)}, nil
			}})
			began := time.Now()
			for range 10 {
				require.NoError(t, call(t.Context(), c))
			}
			require.Zero(t, time.Since(began), "%v", h)
			require.Equal(t, 300, c.Stats().Allowed)
		})
	}
}

func TestStatsCountWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []int{200, 204, 404, 500, 0, 429}
		p := &platform{}
		p.do = func(_ context.Context, nth int, _ rest.Outgoing) (rest.Answer, error) {
			status := answers[nth-1]
			if status == 0 {
				return rest.Answer{}, errors.New("connection refused")
			}
			return rest.Answer{Status: status}, nil
		}
		c := newClient(t, p)
		for range answers {
			_ = call(t.Context(), c)
		}
		answers = append(answers, 200)
		require.NoError(t, call(t.Context(), c))
		s := c.Stats()
		require.Equal(t, rest.Stats{
			Calls: 7, Succeeded: 3, ClientErrors: 2, ServerErrors: 1, NoAnswer: 1, Throttled: 1, Waits: 1, Waited: time.Second,
			TokenCalls: 1, Allowed: 300, Remaining: 293, TokenExpiry: s.TokenExpiry,
		}, s)
	})
}
