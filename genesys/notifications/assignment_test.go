package notifications

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// idle is an assignment whose connections do not run.
func idle(topicsEach, most int) *assignment {
	a := newAssignment(topicsEach, most, func(number int) *connection {
		return newConnection(shared{tellPeers: func() {}, refused: newRefusedTopics(nil, nil)}, number)
	})
	a.start = func(*connection) {}
	return a
}

// hearing gives the connections a socket that has heard all their topics until a
// time. Nothing is read from it.
func hearing(a *assignment, until time.Time) {
	for _, c := range a.all() {
		s := &socket{}
		s.heard.Store(&until)
		c.setChannel(channel{ID: c.gapName()})
		c.setSocket(s)
		_, added := c.unheard()
		c.caughtUp(added)
	}
}

// topicsIn returns those of the topics that are assigned.
func topicsIn(a *assignment, topics []string) (assigned []string) {
	for _, name := range topics {
		if a.connection(name) != nil {
			assigned = append(assigned, name)
		}
	}
	return assigned
}

func TestConnectionsAreFilledOneAfterTheOtherUpToTheLimit(t *testing.T) {
	a := idle(2, 3)
	for i := range 6 {
		require.True(t, a.add(fmt.Sprint("v2.", i), blindness{}))
		require.Len(t, a.all(), i/2+1)
	}
	require.Zero(t, a.room())
	require.False(t, a.add("v2.more", blindness{}))
	require.Nil(t, a.connection("v2.more"))
	first := a.connection("v2.0")
	a.remove("v2.0")
	require.Nil(t, a.connection("v2.0"))
	require.True(t, a.addDetail("v2.more"))
	require.Same(t, first, a.connection("v2.more"), "where there is room again")
}

func TestAConnectionHearsAllOnlyWhenWhatWasAddedIsSubscribed(t *testing.T) {
	a := idle(10, 1)
	since := time.Now()
	a.add("v2.a", blindness{true, since})
	c := a.connection("v2.a")
	missed, added := c.unheard()
	require.Equal(t, blindness{true, since}, missed)
	a.add("v2.b", blindness{}) // while the first is being subscribed
	c.caughtUp(added)
	_, hears := c.lastHeard()
	require.False(t, hears)
	_, added = c.unheard()
	c.caughtUp(added)
	_, hears = c.lastHeard()
	require.True(t, hears)
	missed, _ = c.unheard()
	require.False(t, missed.some)
}

func TestBlindnessTogetherIsTheEarlierAndUnknownIsEarliest(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	none, unknown := blindness{}, blindness{some: true}
	for _, c := range []struct{ a, b, want blindness }{
		{none, none, none}, {none, unknown, unknown}, {none, blindness{true, late}, blindness{true, late}},
		{blindness{true, early}, blindness{true, late}, blindness{true, early}}, {unknown, blindness{true, early}, unknown},
	} {
		require.Equal(t, c.want, c.a.and(c.b))
		require.Equal(t, c.want, c.b.and(c.a))
	}
}

// leftover is what is left of six topics on three connections, which hear, when the first
// two are gone.
func leftover(t *testing.T) *assignment {
	a := idle(2, 3)
	for i := range 6 {
		require.True(t, a.add(fmt.Sprint("v2.", i), blindness{}))
	}
	a.begin()
	hearing(a, time.Now())
	a.remove("v2.0")
	a.remove("v2.1")
	return a
}

func TestAConnectionIsGivenBackOnceItsTopicsAreHeardOverOthers(t *testing.T) {
	a := leftover(t)
	first, last := a.all()[0], a.all()[2]
	a.shrink(false)
	require.Same(t, last, a.connection("v2.4"), "there may be need of the room soon")
	a.shrink(true)
	require.Same(t, first, a.connection("v2.4"))
	require.Same(t, first, a.connection("v2.5"))
	require.Equal(t, []string{"v2.4", "v2.5"}, last.names(), "it goes on listening")
	a.shrink(false)
	require.Len(t, a.all(), 3)
	hearing(a, time.Now())
	a.shrink(false)
	require.Len(t, a.all(), 2)
	require.Error(t, last.dismissed.Err())
	a.shrink(true)
	require.Len(t, a.all(), 2, "each topic has its place")
	require.True(t, a.add("v2.6", blindness{}))
	require.Equal(t, 3, a.connection("v2.6").number, "the number is free again")
	a.begin()
}

func TestAConnectionStaysWhenThereIsNoRoomWithoutIt(t *testing.T) {
	a := leftover(t)
	last := a.all()[2]
	a.shrink(true)
	require.True(t, a.add("v2.6", blindness{}))
	require.Same(t, last, a.connection("v2.6"))
	require.Equal(t, []string{"v2.6"}, last.names())
	hearing(a, time.Now())
	a.shrink(false)
	require.Len(t, a.all(), 3)
	require.NoError(t, last.dismissed.Err())
}

func TestTopicsMoveOnlyToConnectionsThatHear(t *testing.T) {
	a := leftover(t)
	a.all()[0].lose(false)
	a.shrink(true)
	require.Equal(t, "v2.4", a.all()[2].names()[0])
	require.Same(t, a.all()[2], a.connection("v2.4"), "its topics would not be heard on the first")
	hearing(a, time.Now())
	a.shrink(false)
	require.Same(t, a.all()[0], a.connection("v2.4"))
}

func TestWhatASocketMissedThatDiedBeforeItsConnectionWasGivenBackIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, died := range map[string]time.Duration{"it died before": -time.Second, "it was heard after": time.Millisecond} {
			a := idle(2, 1)
			a.add("v2.0", blindness{})
			hearing(a, time.Now().Add(died))
			c := a.all()[0]
			c.dismiss()
			c.lose(true)
			missed, until := c.blindUntil()
			require.Equal(t, died < 0, missed.some, name)
			require.Equal(t, time.Now(), until)
		}
	})
}
