package notifications

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// idle is an assignment whose connections do not run.
func idle(topicsEach, most int) *assignment {
	a := newAssignment(topicsEach, most, func(number int) *connection {
		return newConnection(surroundings{tellPeers: func() {}}, number)
	})
	a.start = func(*connection) {}
	return a
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

func TestTheOldestConversationMakesRoomForTheNewestsDetailTopics(t *testing.T) {
	a := idle(2, 1)
	d := newDetailTopics([]string{"acw"}, a, &peers{}, slog.New(slog.DiscardHandler))
	d.add("c-1", time.Now())
	d.add("c-2", time.Now())
	d.add("c-3", time.Now())
	require.Nil(t, a.connection(d.names("c-1")[0]))
	require.NotNil(t, a.connection(d.names("c-2")[0]))
	require.NotNil(t, a.connection(d.names("c-3")[0]))
	require.True(t, d.dropOldest())
	require.True(t, d.dropOldest())
	require.False(t, d.dropOldest())
	require.Zero(t, a.len())
}
