package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// creator is an API that creates channels, each within a second.
type creator struct {
	mu       sync.Mutex
	created  int
	creating int
	together int // the most that were created at the same time
}

func (a *creator) Call(_ context.Context, r genesys.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return []byte(`{"entities":[]}`), nil
	}
	a.mu.Lock()
	a.created++
	n := a.created
	a.creating++
	a.together = max(a.together, a.creating)
	a.mu.Unlock()
	time.Sleep(time.Second)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.creating--
	return fmt.Appendf(nil, `{"id":"new-%d","connectUri":"wss://streaming.example/new-%d"}`, n, n), nil
}

func claimsOf(p *peers, api genesys.API) *claims {
	return newClaims(p, channels{api}, slog.New(slog.DiscardHandler))
}

// owned is a channel of a process that lives for another hour.
func owned(id, owner string) ownedChannel {
	return ownedChannel{channel{ID: id, ConnectURI: "wss://streaming.example/" + id, Expires: time.Now().Add(time.Hour)}, owner}
}

// got gets a channel, and tries until it succeeds.
func got(t *testing.T, k *claims) channel {
	for {
		c, err := k.get(t.Context(), "")
		if !errors.Is(err, errCreating) {
			assert.NoError(t, err)
			return c
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestEachConnectionOfEachProcessGetsAChannelOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, api := &common{alive: []string{"p-0", "p-1", "p-2"}, delay: slow(t)}, &creator{}
		var left []string
		c.put(t, func(s *state) {
			for n := range 6 {
				is := owned(fmt.Sprint("left-", n), "dead")
				s.Channels, left = append(s.Channels, is), append(left, is.ID)
			}
		})
		var mu sync.Mutex
		used := map[string]string{}
		var getting sync.WaitGroup
		for _, name := range c.alive {
			k := claimsOf(c.peers(name), api)
			for range 4 {
				getting.Go(func() {
					is := got(t, k)
					assert.True(t, k.has(is.ID), "also while others get theirs")
					assert.NoError(t, k.peers.change(t.Context(), func(s *state) bool { k.record(s); return true }))
					mu.Lock()
					defer mu.Unlock()
					assert.NotContains(t, used, is.ID)
					used[is.ID] = name
				})
			}
		}
		getting.Wait()
		require.Len(t, used, 12)
		for _, id := range left {
			require.Contains(t, used, id, "channels of a process that is gone take no further place")
		}
		require.Equal(t, 6, api.created)
		require.Equal(t, 1, api.together, "who creates one looks before whether there is room")
		for _, is := range c.is(t).Channels {
			require.Equal(t, used[is.ID], is.Owner)
		}
	})
}

func TestItIsKnownOfEachChannelWhetherItIsOnesOwnWhileOthersCome(t *testing.T) {
	k := claimsOf((&common{}).peers("me"), nil)
	var working sync.WaitGroup
	for n := range 4 {
		working.Go(func() {
			for i := range 100 {
				is := channel{ID: fmt.Sprint(n, "-", i)}
				k.renewed(is)
				assert.True(t, k.has(is.ID))
				k.record(&state{})
				if i%2 == 0 {
					k.abandon(is.ID)
				}
				assert.Equal(t, i%2 != 0, k.has(is.ID))
			}
		})
	}
	working.Wait()
	var is state
	k.record(&is)
	require.Len(t, is.Channels, 200)
}

func TestOnlyAChannelThatLivesAndNobodyUsesIsTakenOver(t *testing.T) {
	for name, is := range map[string]struct {
		owner string
		lives time.Duration // from now; zero: it is not known how long
		taken bool
	}{
		"its process is gone":                 {"dead", time.Hour, true},
		"its process has stopped":             {"", time.Hour, true},
		"its process is this one, as it was":  {"me", time.Hour, true},
		"its process is alive":                {"other", time.Hour, false},
		"it has expired":                      {"dead", -time.Second, false},
		"it is not known until when it lives": {"dead", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left := owned("left", is.owner)
				if left.Expires = time.Now().Add(is.lives); is.lives == 0 {
					left.Expires = time.Time{}
				}
				c, api := &common{alive: []string{"me", "other"}}, &creator{}
				c.put(t, func(s *state) { s.Channels = []ownedChannel{left} })
				k := claimsOf(c.peers("me"), api)
				got := got(t, k)
				require.Equal(t, is.taken, got.ID == "left")
				require.Equal(t, is.taken, api.created == 0)
				require.True(t, k.has(got.ID))
			})
		})
	}
}

func TestWhoCreatesAChannelIsWaitedForAsLongAsItMayLive(t *testing.T) {
	for name, c := range map[string]struct {
		alive []string
		wait  time.Duration
	}{
		"it is alive": {[]string{"me", "other"}, creatingFor},
		"it is gone":  {[]string{"me"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &common{alive: c.alive}
				store.put(t, func(s *state) { s.Creating = creating{"other", time.Now()} })
				k, began := claimsOf(store.peers("me"), &creator{}), time.Now()
				require.NotEmpty(t, got(t, k).ID)
				require.InDelta(t, c.wait.Seconds(), time.Since(began).Seconds(), 1.5)
			})
		})
	}
}

func TestAnAbandonedChannelIsNotUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &common{alive: []string{"me"}}
		k := claimsOf(c.peers("me"), &creator{})
		first := got(t, k)
		k.abandon(first.ID)
		require.False(t, k.has(first.ID))
		second := got(t, k)
		require.NotEqual(t, first.ID, second.ID)
		c.put(t, k.record)
		require.Len(t, c.is(t).Channels, 1)
		require.Equal(t, second.ID, c.is(t).Channels[0].ID)
	})
}

// A process that was paused for long seems to be gone.
func TestAChannelThatAnotherProcessHasClaimedIsNotUsedAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, api := &common{alive: []string{"awake"}}, &creator{}
		paused, awake := claimsOf(c.peers("paused"), api), claimsOf(c.peers("awake"), api)
		is := got(t, paused)
		c.put(t, paused.record)
		require.True(t, paused.has(is.ID))
		require.Equal(t, is.ID, got(t, awake).ID)
		c.live("awake", "paused")
		c.put(t, paused.record)
		require.False(t, paused.has(is.ID))
		c.put(t, awake.record)
		require.True(t, awake.has(is.ID), "one of them has it")
	})
}

func TestTheChannelsOfAProcessThatStopsAreFreeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, api := &common{alive: []string{"a", "b", "c"}}, &creator{}
		a, b := claimsOf(c.peers("a"), api), claimsOf(c.peers("b"), api)
		first, second := got(t, a), got(t, b)
		c.put(t, a.leave)
		next := claimsOf(c.peers("c"), api)
		require.Equal(t, first.ID, got(t, next).ID, "although it is alive")
		require.NotContains(t, []string{first.ID, second.ID}, got(t, next).ID, "those of others are not")
	})
}

func TestAChannelIsRecordedUntilItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &common{alive: []string{"me", "other"}}
		c.put(t, func(s *state) { s.Channels = []ownedChannel{owned("others", "other")} })
		k := claimsOf(c.peers("me"), &creator{})
		is := got(t, k)
		is.Expires = time.Now().Add(channelLife)
		k.renewed(is)
		for range 2 { // each time anew
			c.put(t, k.record)
			kept := c.is(t).Channels
			require.Len(t, kept, 2)
			mine := kept[slices.IndexFunc(kept, func(o ownedChannel) bool { return o.Owner == "me" })]
			require.True(t, mine.Expires.Equal(is.Expires))
		}
		time.Sleep(2 * time.Hour)
		c.put(t, k.record)
		require.Len(t, c.is(t).Channels, 1, "the other's has expired")
	})
}

func TestWithoutTheStoreAChannelIsCreatedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := claimsOf((&common{hangs: true}).peers("me"), &creator{})
		began := time.Now()
		require.True(t, k.has(got(t, k).ID))
		require.Less(t, time.Since(began), 4*storeTimeout)
	})
}

func TestWhoWaitsForAChannelIsToldToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := claimsOf((&common{hangs: true}).peers("me"), &creator{})
		var getting sync.WaitGroup
		getting.Go(func() { got(t, k) }) // which waits for the store
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		_, err := k.get(ctx, "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began), "not when the one before is done")
		getting.Wait()
	})
}

// crowded is an API with room for one more channel, which keeps some calls waiting, as
// the rate limit does.
type crowded struct {
	mu      sync.Mutex
	created int
	waits   func(r genesys.Request) time.Duration
}

func (a *crowded) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	select {
	case <-time.After(a.waits(r)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Method == http.MethodPost {
		a.created++
		return fmt.Appendf(nil, `{"id":"new-%d","connectUri":"wss://streaming.example/new-%[1]d"}`, a.created), nil
	}
	list := make([]channel, MostChannels-1+a.created)
	return json.Marshal(map[string]any{"entities": list})
}

func TestTheLastChannelIsCreatedOnceHoweverLongItTakes(t *testing.T) {
	for _, waits := range []time.Duration{0, 5 * time.Second, 15 * time.Second, creatingFor - 2*time.Second, creatingFor, creatingFor + 2*time.Second, 5 * time.Minute} {
		for _, held := range []string{http.MethodGet, http.MethodPost} {
			t.Run(fmt.Sprint(held, " after ", waits), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
					defer stop()
					began := time.Now()
					c, api := &common{alive: []string{"a", "b", "c"}}, &crowded{}
					api.waits = func(r genesys.Request) time.Duration {
						if r.Verb() != held || time.Since(began) > 10*time.Minute {
							return time.Second
						}
						return waits
					}
					var getting sync.WaitGroup
					for _, name := range c.alive {
						getting.Go(func() {
							k := claimsOf(c.peers(name), api)
							for ctx.Err() == nil {
								if _, err := k.get(ctx, ""); err == nil {
									return
								}
								time.Sleep(100 * time.Millisecond)
							}
						})
					}
					getting.Wait()
					require.Equal(t, 1, api.created)
				})
			})
		}
	}
}

// forgetful is a process whose store does not answer one of its writes.
type forgetful struct {
	process
	lost *int // which one
}

func (f forgetful) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	is, err := f.process.SetValue(ctx, name, value, version)
	if *f.lost--; *f.lost == 0 && err == nil {
		return 0, errors.New("the connection was lost")
	}
	return is, err
}

func TestAWriteWithoutAnAnswerGivesNoChannelToTwoConnections(t *testing.T) {
	for lost := range 12 {
		t.Run(fmt.Sprint("write ", lost), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, api := &common{alive: []string{"first"}}, &creator{}
				used := map[string]bool{}
				first := claimsOf(&peers{forgetful{process{common: c, name: "first"}, &lost}, "source"}, api)
				for range 3 {
					used[got(t, first).ID] = true
				}
				require.Len(t, used, 3)
				c.live("next")
				next := claimsOf(&peers{forgetful{process{common: c, name: "next"}, &lost}, "source"}, api)
				clear(used)
				for range 5 {
					used[got(t, next).ID] = true
				}
				require.Len(t, used, 5)
				require.Equal(t, 5, api.created, "none is forgotten")
			})
		})
	}
}

// Two connections had one channel otherwise: given up by who had just taken it over, it
// was taken over again.
func TestAStateFromBeforeATakeOverGivesNoChannelUp(t *testing.T) {
	for _, owner := range []string{"", "dead"} {
		c := &common{alive: []string{"me"}}
		k := claimsOf(c.peers("me"), nil)
		c.put(t, func(s *state) { s.Channels = []ownedChannel{owned("left", owner)} })
		before := c.is(t)
		is := got(t, k)
		require.Equal(t, "left", is.ID)
		k.record(&before)
		require.True(t, k.has("left"))
		require.Equal(t, "me", before.Channels[0].Owner)
	}
}
