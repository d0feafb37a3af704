package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

// divide gives each partition to one of the processes that are alive.
func (c *common) divide(names ...string) *common {
	c.owner = func(key string) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(key, "topics/"))
		return c.alive[n%len(c.alive)]
	}
	c.live(names...)
	return c
}

// sharer is the sharing of one process.
type sharer struct {
	*sharing
	gaps []conversation.Gap
}

func sharingOf(c *common, name string, topics []string) *sharer {
	s := &sharer{}
	none := func() bool { return false }
	s.sharing = newSharing(topics, c.peers(name), idle(len(topics)+10, 2), none, slog.New(slog.DiscardHandler),
		func(_ context.Context, g conversation.Gap) { s.gaps = append(s.gaps, g) })
	return s
}

// all is the set of all partitions.
func all() (s partitionSet) {
	for p := range partitions {
		s.add(p)
	}
	return s
}

// users are the topics of n users.
func users(n int) (topics []string) {
	for i := range n {
		topics = append(topics, UserTopics(fmt.Sprint("u-", i))...)
	}
	return topics
}

// missed is what was missed of the topics that are assigned.
func (s *sharer) missing() blindness {
	missed, _ := s.assigned.all()[0].unheard()
	return missed
}

func TestEachTopicIsHeardByTheProcessThatLooksAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, topics := (&common{}).divide("a", "b", "c"), users(500)
		heard := func(sharers ...*sharer) (all []string) {
			for _, s := range sharers {
				require.NoError(t, s.take(nil, true))
				mine := topicsIn(s.assigned, topics)
				require.Greater(t, len(mine), 100)
				all = append(all, mine...)
			}
			slices.Sort(all)
			return all
		}
		sorted := slices.Sorted(slices.Values(topics))
		a, b := sharingOf(c, "a", topics), sharingOf(c, "b", topics)
		require.Equal(t, sorted, heard(a, b, sharingOf(c, "c", topics)), "each once")
		c.live("a", "b")
		require.Equal(t, sorted, slices.Compact(heard(a, b)), "those of one that is gone are taken over")
	})
}

func TestWhatIsTakenIsMissedSinceAnybodyLastHeardIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, c := range map[string]struct {
			is   signs
			want blindness
		}{
			"nobody ever did":                   {nil, blindness{some: true}},
			"this process, before it restarted": {signs{{Owner: "before", At: now.Add(-time.Hour), Partitions: all()}}, blindness{true, now.Add(-time.Hour)}},
			"the latest counts":                 {signs{{Owner: "before", At: now.Add(-time.Hour), Partitions: all()}, {Owner: "later", At: now.Add(-time.Minute), Partitions: all()}}, blindness{true, now.Add(-time.Minute)}},
			"one that hears now does":           {signs{{Owner: "alive", At: now.Add(-time.Minute), Partitions: all()}}, blindness{}},
			"one that is there has not lately":  {signs{{Owner: "alive", At: now.Add(-fresh), Partitions: all()}}, blindness{true, now.Add(-fresh)}},
		} {
			s := sharingOf(&common{owner: func(string) string { return "me" }, alive: []string{"me", "alive"}}, "me", users(1))
			require.NoError(t, s.take(c.is, true))
			require.Equal(t, c.want, s.missing(), name)
		}
	})
}

func TestASignOfLifeIsOfWhatIsHeardAndStoredAndNoLaterThanThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		put := func(s *sharer, until time.Time) (at time.Time, heard partitionSet) {
			is := state{}
			s.record(&is, until)
			if len(is.Signs) == 0 {
				return time.Time{}, partitionSet{}
			}
			require.Len(t, is.Signs, 1)
			require.Equal(t, "me", is.Signs[0].Owner)
			return is.Signs[0].At, is.Signs[0].Partitions
		}
		topics := users(3)
		s := sharingOf((&common{}).divide("me"), "me", topics)
		require.NoError(t, s.take(nil, true))
		now := time.Now()
		_, heard := put(s, now)
		require.Equal(t, partitions-3, heard.len(), "topics that are not subscribed yet are not heard; parts without topics are")
		hearing(s.assigned, now.Add(-10*time.Second))
		at, heard := put(s, now)
		require.Equal(t, all(), heard)
		require.Equal(t, now.Add(-10*time.Second-deliveryTime), at, "a message may have been on its way")
		at, _ = put(s, now.Add(-time.Minute))
		require.Equal(t, now.Add(-time.Minute-deliveryTime), at, "what is not stored is not heard")
		_, heard = put(s, time.Time{})
		require.Zero(t, heard.len(), "frames are dropped")
		s.takeovers.begin(partitionOf(topics[0]), sign{At: now}, true)
		_, heard = put(s, now)
		require.Equal(t, partitions-1, heard.len(), "of what is being taken over the other's sign counts")
		s.assigned.remove(topics[1])
		_, heard = put(s, now)
		require.Equal(t, partitions-2, heard.len(), "nor is heard what has no connection")
	})
}

func TestTopicsAreGivenUpToAProcessThatHearsThemAfterBothDidForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := users(100)
		c := (&common{}).divide("a")
		a := sharingOf(c, "a", topics)
		require.NoError(t, a.take(nil, true))
		c.live("a", "b")
		require.NoError(t, a.take(nil, true))
		has := func(is signs) int {
			require.False(t, a.compare(t.Context(), is))
			return len(topicsIn(a.assigned, topics))
		}
		now := func(owner string) signs { return signs{{Owner: owner, At: time.Now(), Partitions: all(), Own: all()}} }
		require.Equal(t, 100, has(now("b")), "the peers have just changed")
		time.Sleep(overlap)
		require.Equal(t, 100, has(nil), "b hears nothing yet")
		require.Equal(t, 100, has(signs{{Owner: "b", At: time.Now().Add(-fresh), Partitions: all(), Own: all()}}), "not now")
		require.Equal(t, 100, has(signs{{Owner: "b", At: time.Now(), Partitions: all()}}), "b is not responsible, or of a version that does not say")
		require.Equal(t, 100, has(signs{{Owner: "b", At: time.Now().Add(-overlap), Partitions: all(), Own: all()}}), "not since the peers have changed")
		require.Equal(t, 100, has(now("dead")))
		left := has(now("b"))
		require.InDelta(t, 50, left, 25)
		for p := range partitions {
			require.Equal(t, p%2 == 0, a.held.has(p))
		}
		require.Equal(t, left, has(now("b")), "it keeps its own")
		require.Empty(t, a.gaps)
	})
}

func TestTopicsThatComeAreMissedSinceAndThoseThatGoAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := users(20)
		since := time.Now().Add(-time.Minute)
		s := sharingOf((&common{}).divide("me", "other"), "me", topics)
		require.NoError(t, s.set(topics[:15], since))
		require.Zero(t, s.assigned.len(), "before it has begun")
		require.NoError(t, s.take(nil, true))
		hearing(s.assigned, time.Now())
		mine := topicsIn(s.assigned, topics[:15])
		require.NotEmpty(t, mine)
		require.NoError(t, s.set(topics[:10], since))
		require.Equal(t, slices.DeleteFunc(slices.Clone(mine), func(name string) bool { return slices.Contains(topics[10:], name) }), topicsIn(s.assigned, topics))
		require.Equal(t, blindness{}, s.missing(), "nothing new")
		require.NoError(t, s.set(topics, since))
		require.Equal(t, blindness{true, since}, s.missing())
		for _, name := range topics {
			require.Equal(t, partitionOf(name)%2 == 0, s.assigned.connection(name) != nil, "of others' nothing is heard")
		}
	})
}

func TestWhatIsLessImportantMakesRoom(t *testing.T) {
	a := idle(2, 1)
	details := detailsOn(a, &peers{}, "acw")
	details.follow(spoken("c-1", time.Time{}))
	details.follow(spoken("c-2", time.Time{}))
	topics := users(3)
	s := newSharing(topics[:2], &peers{}, a, details.dropOldest, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, s.take(nil, true))
	require.Equal(t, topics[:2], topicsIn(a, topics))
	require.ErrorContains(t, s.set(topics, time.Now()), "no room")
}

func TestWhenThePeersAreOthersTopicsAreTakenOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics := users(50)
		c := (&common{}).divide("me", "other")
		s := sharingOf(c, "me", topics)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.run(ctx) })
		synctest.Wait()
		require.Less(t, s.assigned.len(), 50)
		require.True(t, s.changes())
		time.Sleep(changing)
		require.False(t, s.changes())
		c.put(t, func(is *state) { is.Signs = signs{{Owner: "other", At: time.Now().Add(-time.Hour), Partitions: all()}} })
		hearing(s.assigned, time.Now())
		c.live("me")
		synctest.Wait()
		require.Equal(t, topics, topicsIn(s.assigned, topics))
		require.True(t, s.missing().from.Equal(time.Now().Add(-time.Hour)))
		require.True(t, s.changes())
		stop()
		running.Wait()
	})
}

func TestExactlyTheTopicsOfWhatIsHeldAreAssignedWhateverHappensAtOnce(t *testing.T) {
	topics := users(300)
	c := (&common{}).divide("a", "b")
	s := sharingOf(c, "a", topics)
	var working sync.WaitGroup
	working.Go(func() {
		for n := range 50 {
			assert.NoError(t, s.set(topics[n:len(topics)-n], time.Now()))
		}
	})
	working.Go(func() {
		for range 50 {
			s.mu.Lock()
			s.moved = time.Now().Add(-overlap) // as if time had passed
			s.mu.Unlock()
			s.handOver(signs{{Owner: "b", At: time.Now(), Partitions: all(), Own: all()}})
			s.record(&state{}, time.Now())
		}
	})
	for n := range 50 {
		c.live([][]string{{"a"}, {"a", "b"}}[n%2]...)
		assert.NoError(t, s.take(nil, true))
	}
	working.Wait()
	want := slices.DeleteFunc(slices.Clone(topics[49:len(topics)-49]), func(name string) bool { return !s.held.has(partitionOf(name)) })
	require.Equal(t, want, topicsIn(s.assigned, topics))
	require.Equal(t, len(want), s.assigned.len())
}
