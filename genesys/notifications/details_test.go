package notifications

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
)

func detailsOn(a *assignment, p *peers, events ...string) *detailTopics {
	return newDetailTopics(events, a, p, slog.New(slog.DiscardHandler))
}

// spoken is a conversation with a person on the telephone, until end.
func spoken(id string, end time.Time) *conversation.Conversation {
	s := &conversation.Session{ID: "s", Start: time.Unix(1e9, 0), ConnectedTime: time.Unix(1e9, 0), DisconnectedTime: end}
	return conversation.State(&conversation.Conversation{ID: id, RecordedEnd: end, Participants: []*conversation.Participant{
		{ID: "p", Purpose: conversation.PurposeCustomer, Sessions: []*conversation.Session{s}},
	}}, conversation.Statement{By: conversation.SourceAnalytics})
}

// followed returns which of the conversations have their detail topics.
func (d *detailTopics) which(ids ...string) (all []string) {
	for _, id := range ids {
		if names := d.names(id); len(topicsIn(d.assigned, names)) == len(names) {
			all = append(all, id)
		}
	}
	return all
}

func TestTheOldestConversationMakesRoomForTheNewestsDetailTopics(t *testing.T) {
	a := idle(2, 1)
	d := detailsOn(a, &peers{}, "acw")
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

func TestAConversationHasItsDetailTopicsUntilAWhileAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := detailsOn(idle(10, 1), &peers{}, "acw", "attributes")
		d.follow(spoken("ends", time.Time{}))
		d.follow(spoken("lasts", time.Time{}))
		d.follow(spoken("is over", time.Unix(1e9+60, 0)))
		require.Equal(t, []string{"ends", "lasts"}, d.which("ends", "lasts", "is over"), "nothing more comes of what has ended")
		d.follow(spoken("ends", time.Unix(1e9+60, 0)))
		d.dropEnded(time.Now().Add(followEnded))
		require.Equal(t, []string{"ends", "lasts"}, d.which("ends", "lasts"))
		d.dropEnded(time.Now().Add(followEnded + 1))
		require.Equal(t, []string{"lasts"}, d.which("ends", "lasts"))
		d.dropEnded(time.Now().Add(followFor + 1))
		require.Zero(t, d.assigned.len(), "nothing is followed for ever")
	})
}

func TestWithoutDetailEventsNothingIsFollowed(t *testing.T) {
	d := detailsOn(idle(10, 1), (&common{}).peers("me"))
	d.follow(spoken("c-1", time.Time{}))
	d.run(t.Context()) // returns
	require.Zero(t, d.assigned.len())
	require.Empty(t, d.byID)
}

func TestAConversationForWhichThereIsNoRoomAtAllTakesNone(t *testing.T) {
	a := idle(2, 1)
	a.add("v2.users.u-1.conversations", blindness{})
	d := detailsOn(a, &peers{}, strings.Repeat("x", mostName-100), strings.Repeat("y", mostName-100)) // cannot be combined
	d.follow(spoken("c-1", time.Time{}))
	require.Equal(t, 1, a.len())
	require.False(t, d.dropOldest())
}

func TestTheTopicsOfAConversationAreCombinedInAsFewAsNamesCanHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const prefix = "v2.detail.events.conversation.c-1"
		ends := rapid.SliceOfN(rapid.StringMatching(`[a-z.]{1,60}`), 1, 20).Draw(t, "ends")
		names := combined(prefix, ends)
		var back []string
		for n, name := range names {
			require.LessOrEqual(t, len(name), mostName)
			list, is := strings.CutPrefix(name, prefix+"?")
			require.True(t, is)
			if n > 0 {
				first, _, _ := strings.Cut(list, "&")
				require.Greater(t, len(names[n-1])+1+len(first), mostName, "it would not have fitted into the name before")
			}
			back = append(back, strings.Split(list, "&")...)
		}
		require.Equal(t, ends, back)
	})
	for n := range mostName - len("p?acw&") + 2 { // up to the limit, and one beyond
		fits := len("p?acw&")+n <= mostName
		require.Equal(t, fits, len(combined("p", []string{"acw", strings.Repeat("x", n)})) == 1, n)
	}
}

func TestCombinedTopicsAreGivenUpForGoodAndTheOrderStays(t *testing.T) {
	a := idle(4, 1)
	d := detailsOn(a, &peers{}, "acw", "attributes")
	d.follow(spoken("c-1", time.Time{}))
	d.follow(spoken("c-2", time.Time{}))
	combinedNames := append(d.names("c-1"), d.names("c-2")...)
	require.Len(t, topicsIn(a, combinedNames), 2)
	for range 2 {
		d.subscribeSingly()
		require.Empty(t, topicsIn(a, combinedNames))
		require.Equal(t, []string{"c-1", "c-2"}, d.which("c-1", "c-2"))
		require.Equal(t, 4, a.len())
	}
	d.follow(spoken("c-3", time.Time{}))
	require.Equal(t, []string{"c-2", "c-3"}, d.which("c-1", "c-2", "c-3"), "the oldest makes room")
}

func TestWhatOtherSourcesFoundIsFollowedWhereItIsOnesOwnAndThereIsRoom(t *testing.T) {
	c := &common{owner: func(key string) string {
		if key == "another's" {
			return "other"
		}
		return "me"
	}}
	for _, id := range []string{"another's", "c-1", "c-2", "c-3"} {
		c.open = append(c.open, &conversation.Conversation{ID: id})
	}
	d := detailsOn(idle(2, 1), c.peers("me"), "acw")
	for range 2 {
		d.followOpen(t.Context())
		require.Equal(t, []string{"c-1", "c-2"}, d.which("another's", "c-1", "c-2", "c-3"), "what is found makes nobody give way")
	}
}

func TestWhatIsFollowedAndWhatIsAssignedAreTheSameWhateverHappensAtOnce(t *testing.T) {
	a := idle(20, 2)
	d := detailsOn(a, &peers{}, "acw", "attributes")
	var working sync.WaitGroup
	for n := range 4 {
		working.Go(func() {
			for i := range 50 {
				d.follow(spoken(fmt.Sprintf("c-%d-%d", n, i), time.Time{}))
				if i%7 == n {
					d.dropOldest()
				}
				if i == 30 {
					d.subscribeSingly()
				}
				d.dropEnded(time.Now())
			}
		})
	}
	working.Wait()
	assigned := 0
	for id := range d.byID {
		require.Equal(t, []string{id}, d.which(id))
		assigned += len(d.names(id))
	}
	require.Equal(t, assigned, a.len())
	require.Equal(t, len(d.byID), d.order.Len())
}
