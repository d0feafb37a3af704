package notifications_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

func entries(prefix string, n int) (list []genesystest.Entry) {
	for i := range n {
		list = append(list, genesystest.Entry{ID: fmt.Sprintf("%s-%d", prefix, i)})
	}
	return list
}

// rings lets a user answer a call, in a queue unless that is empty, and reports
// whether it is heard.
func (w *world) rings(user, queue string) bool {
	s := genesystest.NewStory(fmt.Sprintf("c-%d", time.Now().UnixNano()))
	s.Customer("cust", 0)
	s.Agent("a", 0, user, queue).Answer(time.Second)
	w.server.Play(s)
	w.settle(3 * time.Second)
	return w.heard.status(s.ID) == conversation.StatusActive
}

func everybody() *directory.Selection {
	return &directory.Selection{Queues: directory.All(), Users: directory.All()}
}

func TestWhoeverIsChosenIsFoundAndHeard(t *testing.T) {
	for name, c := range map[string]struct {
		follow directory.Selection
		user   bool // a call at user u-1 is heard
		queue  bool // a call in queue q-1 is heard
		other  bool // a call at user u-0 in queue q-0 is
	}{
		"all":         {*everybody(), true, true, true},
		"all queues":  {directory.Selection{Queues: directory.All()}, false, true, true},
		"all users":   {directory.Selection{Users: directory.All()}, true, false, true},
		"by name":     {directory.Selection{Users: directory.Named("U-1")}, true, false, false},
		"by division": {directory.Selection{Queues: directory.InDivisions("north")}, false, true, false},
		"by both":     {directory.Selection{Queues: &directory.Filter{Divisions: []string{"north"}, Names: []string{"q-0"}}, Users: directory.Named("u-1")}, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.server.AddQueues(genesystest.Entry{ID: "q-0"}, genesystest.Entry{ID: "q-1", Division: "north"})
				w.start(notifications.Config{Follow: &c.follow})
				require.Equal(t, c.user, w.rings("u-1", ""))
				require.Equal(t, c.queue, w.rings("nobody", "q-1"))
				require.Equal(t, c.other, w.rings("u-0", "q-0"))
			}, genesystest.Users(entries("u", 2)...))
		})
	}
}

func TestWhoeverComesIsFollowedAndTheTimeSinceTheLastLookIsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody(), Topics: []string{"v2.users.fixed.conversations"}})
		w.settle(11 * time.Minute)
		require.Len(t, w.heard.closed(), 1, "nothing changes while nobody comes")
		looked := w.source.Stats().Looked
		require.False(t, looked.IsZero())
		w.server.AddUsers(genesystest.Entry{ID: "new"})
		require.False(t, w.rings("new", ""))
		w.settle(5 * time.Minute)
		require.True(t, w.rings("new", ""))
		require.True(t, w.rings("fixed", ""))
		require.True(t, w.rings("u-0", ""))
		gaps := w.heard.closed()
		require.Len(t, gaps, 2)
		require.Equal(t, looked, gaps[1].From, "what happened before it was found must be read")
		require.False(t, gaps[1].To.IsZero())
		require.Equal(t, 2+1, w.source.Stats().Followed)
	}, genesystest.Users(entries("u", 2)...))
}

func TestWhoeverGoesIsDroppedWhenMissingTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody()})
		w.settle(10 * time.Second)
		w.server.RemoveUsers("u-1")
		w.settle(5 * time.Minute) // one look
		require.True(t, w.rings("u-1", ""), "a list that changes while it is read can miss somebody")
		w.server.RemoveUsers("u-1") // the story has mentioned it
		w.settle(5 * time.Minute)
		require.Equal(t, 2, w.source.Stats().Followed)
		require.False(t, w.rings("u-1", ""))
	}, genesystest.Users(entries("u", 3)...))
}

func TestOneWhoIsMissingOnceStays(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody()})
		for range 5 { // every second look misses u-1
			w.server.RemoveUsers("u-1")
			w.settle(5 * time.Minute)
			w.server.AddUsers(genesystest.Entry{ID: "u-1"})
			w.settle(5 * time.Minute)
		}
		require.Equal(t, 3, w.source.Stats().Followed)
		require.Len(t, w.heard.closed(), 1, "and is not heard anew each time")
	}, genesystest.Users(entries("u", 3)...))
}

func TestAListThatFailsOrIsEmptyDropsNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody()})
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: 403, Match: func(_, path string) bool { return path == "/api/v2/users" }})
		w.settle(30 * time.Minute)
		require.True(t, w.rings("u-1", ""))
		undo()
		w.server.RemoveUsers("u-0", "u-1", "u-2", "")
		w.server.RemoveQueues("unknown")
		w.settle(30 * time.Minute)
		require.True(t, w.rings("u-1", ""))
	}, genesystest.Users(entries("u", 3)...))
}

func TestTheLimitOfTheChannelsIsRespectedAndSaid(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody(), MaxChannels: 2, TopicsPerChannel: 3, Topics: []string{"v2.users.fixed.conversations"}})
		stats := w.source.Stats()
		require.Equal(t, []int{6, 5, 5, 2}, []int{stats.Topics, stats.Followed, stats.Left, stats.Channels})
		require.Equal(t, []int{11, 6, 5}, []int{w.source.Health().Wanted, w.source.Health().Heard, w.source.Health().Left})
		require.True(t, w.rings("fixed", ""))
		require.True(t, w.rings("nobody", "q-3"), "queues come before users")
		w.server.AddQueues(entries("r", 4)...)
		w.server.RemoveUsers("nobody", "fixed")
		w.settle(11 * time.Minute)
		require.True(t, w.rings("u-0", ""), "who is followed stays")
		require.NoError(t, w.source.SetTopics(notifications.UserTopics("a", "b", "c", "d")...))
		w.settle(time.Minute)
		require.Equal(t, 2, w.source.Stats().Followed, "topics of the host come first")
		require.Equal(t, 6, w.source.Stats().Topics)
	}, genesystest.Queues(entries("q", 4)...), genesystest.Users(entries("u", 6)...))
}

func TestWithoutTheRightToListTheSourceSaysWhichOneIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().Requests(genesystest.RequestFault{Status: 403, Match: func(_, path string) bool { return path == "/api/v2/routing/queues" }})
		_, ended := w.open(notifications.Config{Follow: everybody()}, w.heard.sink)
		err := <-ended
		require.True(t, genesys.HasStatus(err, 403))
		require.ErrorContains(t, err, "/api/v2/routing/queues")
		require.ErrorContains(t, err, "follow")
	})
}

func TestTheFirstListIsAwaited(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		undo := w.server.Faults().Requests(genesystest.RequestFault{Status: 503})
		w.start(notifications.Config{Follow: everybody()})
		w.settle(10 * time.Minute)
		require.Zero(t, w.source.Stats().Topics)
		undo()
		w.settle(2 * time.Minute)
		require.Equal(t, 2, w.source.Stats().Topics)
		require.True(t, w.rings("u-1", ""))
	}, genesystest.Users(entries("u", 2)...))
}

func TestTheFirstListEndsWithTheSource(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().Requests(genesystest.RequestFault{Status: 503})
		stop := w.start(notifications.Config{Follow: everybody()})
		stop() // and Run returns nil
	})
}

func TestAnOrganisationOfTwoThousandIsFollowedWithinTheBudget(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Follow: everybody()})
		w.settle(10 * time.Minute)
		require.Equal(t, 2000, w.source.Stats().Topics)
		before := len(w.server.Requests())
		w.settle(time.Hour)
		looks := 0
		for _, r := range w.server.Requests()[before:] {
			require.Less(t, r.Status, 300)
			if strings.HasSuffix(r.Path, "/users") {
				looks++
			}
		}
		require.InDelta(t, 12*20, looks, 40)
	}, genesystest.Users(entries("u", 2000)...))
}

func TestFollowMustChooseSomebody(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for _, c := range []notifications.Config{
			{API: w.server.API()}, {API: w.server.API(), Follow: &directory.Selection{}}, {API: w.server.API(), Follow: everybody(), FollowEvery: -1},
		} {
			_, err := notifications.New(c)
			require.Error(t, err)
		}
	})
}
