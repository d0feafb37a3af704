package notifications_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// The platform names the single topics that it refuses, also where a combined one was
// asked for.
func TestDetailTopicsThatAreRefusedAreNotHeardAndForgottenWithTheirConversation(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"acw", "user.end"}})
		w.call()
		w.settle(30 * time.Second)
		require.Len(t, w.source.Stats().Refused, 2)
		w.demandHeard(len(callTopics), len(callTopics)+1)
		w.settle(2 * time.Hour)
		require.Empty(t, w.source.Stats().Refused)
		w.demandHeard(len(callTopics), len(callTopics))
	}, genesystest.ForbidTopics("v2.detail.events.*"))
}

func TestACombinedTopicOfWhichAPartIsRefusedIsHeard(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"acw", "user.end", "nonsense"}})
		w.call()
		w.settle(30 * time.Second)
		require.Len(t, w.source.Stats().Refused, 1)
		w.demandHeard(len(callTopics)+1, len(callTopics)+1)
		w.settle(2 * time.Hour)
		require.Empty(t, w.source.Stats().Refused)
	})
}

func TestATopicThatIsRefusedWhenItIsNotWantedAnyMoreIsNotCalledRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		undo := w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Delay: 20 * time.Second})
		require.NoError(t, w.source.SetTopics(append(notifications.UserTopics("user-late"), callTopics...)...))
		w.settle(5 * time.Second) // the PUT is under way
		require.NoError(t, w.source.SetTopics(callTopics...))
		undo()
		w.settle(time.Minute)
		require.Empty(t, w.source.Stats().Refused)
		w.demandHeard(len(callTopics), len(callTopics))
	}, genesystest.ForbidTopics(notifications.UserTopics("user-late")...))
}
