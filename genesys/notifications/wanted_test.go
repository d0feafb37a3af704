package notifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
)

// choice is what a lookup finds, and the topics that were set from it.
type choice struct {
	*wanted

	queues, users []string
	err           error
	asked         int

	topics []string // that were set last
	since  time.Time
	sets   int
}

func choosing(room int, fixed ...string) *choice {
	c := &choice{}
	c.wanted = &wanted{room: room, every: time.Hour, log: slog.New(slog.DiscardHandler), fixed: fixed}
	c.find = func(context.Context, genesys.API) (is directory.Found, err error) {
		c.asked++
		for _, id := range c.queues {
			is.Queues = append(is.Queues, directory.Queue{ID: id})
		}
		for _, id := range c.users {
			is.Users = append(is.Users, directory.User{ID: id})
		}
		return is, c.err
	}
	c.upToDate = func(time.Time) {}
	c.set = func(topics []string, since time.Time) error {
		c.topics, c.since, c.sets = topics, since, c.sets+1
		return nil
	}
	return c
}

func (c *choice) looks(t require.TestingT) { require.NoError(t, c.look(context.Background(), nil)) }

func TestWhoeverWasInOneOfTheLastTwoListsIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := choosing(100)
		var before, is []string // the last two lists with somebody
		for range rapid.IntRange(1, 8).Draw(t, "looks") {
			c.users, c.err = nil, nil
			switch list := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"u-1", "u-2", "u-3", "u-4"}), rapid.ID).Draw(t, "list"); {
			case rapid.IntRange(0, 3).Draw(t, "fails") == 0:
				c.err = errors.New("half of a list")
				require.ErrorIs(t, c.look(context.Background(), nil), c.err)
			default:
				c.users = list
				c.looks(t)
				if len(list) > 0 { // nobody at all is found when the divisions are not seen
					before, is = is, list
				}
			}
			want := UserTopics(append(slices.Clone(before), is...)...)
			slices.Sort(want)
			have := slices.Sorted(slices.Values(c.topics))
			require.Equal(t, append([]string(nil), slices.Compact(want)...), have)
		}
	})
}

func TestWhoIsNewMayHaveBeenThereSinceTheLastLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := choosing(100)
		c.users = []string{"u-1"}
		began := time.Now()
		c.looks(t)
		require.Equal(t, began, c.since, "there was no look before")
		for range 3 {
			time.Sleep(time.Minute)
			c.looks(t)
		}
		require.Equal(t, 1, c.sets, "as it was, nothing is said")
		last := time.Now()
		time.Sleep(time.Minute)
		c.err = errors.New("no list")
		require.Error(t, c.look(t.Context(), nil))
		time.Sleep(time.Minute)
		c.users, c.err = []string{"u-1", "u-2"}, nil
		c.looks(t)
		require.Equal(t, last, c.since, "a look that failed saw nobody")
	})
}

func TestWhereThereIsNoRoomForAllThoseStayWhoWereThereAndQueuesComeFirst(t *testing.T) {
	fixed := UserTopics("fixed")
	c := choosing(4, fixed...)
	c.users = []string{"u-1", "u-2", "fixed"}
	c.looks(t)
	require.Equal(t, append(UserTopics("fixed"), UserTopics("u-1", "u-2")...), c.topics, "each once")
	c.queues = []string{"q-1", "q-2"}
	c.looks(t)
	require.Equal(t, slices.Concat(fixed, UserTopics("u-1", "u-2"), QueueTopics("q-1")), c.topics)
	followed, left, _ := c.stats()
	require.Equal(t, []int{3, 1}, []int{followed, left})
	require.NoError(t, c.fix(UserTopics("a", "b", "c")))
	require.Equal(t, UserTopics("a", "b", "c", "u-1"), c.topics, "what the host names has the first place")
	require.NoError(t, c.fix(UserTopics("a", "b", "c", "d")))
	require.Equal(t, UserTopics("a", "b", "c", "d"), c.topics)
}

func TestNothingIsHeardBeforeItIsKnownWhomToFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := choosing(100, UserTopics("fixed")...)
		began, find := time.Now(), c.find
		c.users = []string{"u-1"}
		c.find = func(ctx context.Context, api genesys.API) (directory.Found, error) {
			if c.err = nil; time.Since(began) < 10*time.Minute {
				c.err = errors.New("no connection")
			}
			return find(ctx, api)
		}
		require.NoError(t, c.begin(t.Context()))
		require.Equal(t, UserTopics("fixed", "u-1"), c.topics)
		require.WithinDuration(t, began.Add(10*time.Minute), time.Now(), 2*time.Minute)
		require.LessOrEqual(t, c.asked, 40, "with growing pauses")

		c = choosing(100)
		c.err = errors.New("no connection")
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		require.NoError(t, c.begin(ctx), "it was told to stop")
		require.Zero(t, c.sets)
	})
}

func TestARefusalForGoodEndsTheWaitForTheFirstList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := choosing(100)
		c.err = &genesys.APIError{Status: http.StatusForbidden, Code: "missing.permissions"}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		require.ErrorIs(t, c.begin(ctx), c.err)
		require.Zero(t, c.sets)
	})
}

func TestWhoChoosesNobodyIsNotAsked(t *testing.T) {
	w := newWanted(Config{Topics: UserTopics("u-1")}, nil, nil, nil)
	require.NoError(t, w.begin(t.Context()))
	w.run(t.Context()) // returns
}

func TestItIsSaidSinceWhenNobodyCanBeLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := choosing(100)
		c.users = []string{"u-1"}
		c.looks(t)
		_, reason := c.trouble()
		require.NoError(t, reason)
		time.Sleep(time.Minute)
		began := time.Now()
		for _, err := range []error{errors.New("one"), errors.New("another")} {
			c.err = err
			require.Error(t, c.look(t.Context(), nil))
			since, reason := c.trouble()
			require.Equal(t, began, since)
			require.Equal(t, err, reason)
			time.Sleep(time.Minute)
		}
		c.err = nil
		c.looks(t)
		since, reason := c.trouble()
		require.NoError(t, reason)
		require.Zero(t, since)
		_, _, looked := c.stats()
		require.Equal(t, time.Now(), looked)
	})
}

// last is an API that keeps the last request.
type last struct{ request genesys.Request }

func (l *last) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	l.request = r
	return nil, nil
}

func TestLookingAgainIsNotUrgentAndThatOfTheStartIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &last{}
		c := choosing(100)
		c.api = api
		c.find = func(ctx context.Context, api genesys.API) (directory.Found, error) {
			c.asked++
			_, err := api.Call(ctx, genesys.Request{Path: "/api/v2/users"})
			return directory.Found{Users: []directory.User{{ID: "u-1"}}}, err
		}
		require.NoError(t, c.begin(t.Context()))
		require.False(t, api.request.Repair)
		ctx, stop := context.WithTimeout(t.Context(), 24*time.Hour)
		defer stop()
		c.run(ctx)
		require.True(t, api.request.Repair)
		require.InDelta(t, 24, c.asked, 6)
	})
}

func TestWhatIsSetLastIsWhatIsWantedWhoeverChangesItAtOnce(t *testing.T) {
	var mu sync.Mutex
	var is []string
	w := &wanted{upToDate: func(time.Time) {}, room: 100, log: slog.New(slog.DiscardHandler)}
	w.set = func(topics []string, _ time.Time) error {
		runtime.Gosched()
		mu.Lock()
		defer mu.Unlock()
		is = topics
		return nil
	}
	n := 0
	w.find = func(context.Context, genesys.API) (directory.Found, error) {
		n++
		return directory.Found{Users: []directory.User{{ID: fmt.Sprint("u-", n)}}}, nil
	}
	var changing sync.WaitGroup
	changing.Go(func() {
		for range 100 {
			assert.NoError(t, w.look(t.Context(), nil))
		}
	})
	for host := range 2 {
		changing.Go(func() {
			for i := range 100 {
				assert.NoError(t, w.fix(UserTopics(fmt.Sprintf("fixed-%d-%d", host, i))))
				_, _, _ = w.stats()
			}
		})
	}
	changing.Wait()
	require.Equal(t, slices.Concat(w.fixed, UserTopics("u-99", "u-100")), is)
}
