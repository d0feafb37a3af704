package notifications

import (
	"fmt"
	"testing"
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
