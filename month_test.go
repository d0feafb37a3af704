package convtrack_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store/memstore"
)

var days = flag.Int("days", 7, "on how many days the channels expire in TestDailyExpiryTokenRefreshAndLateDataLoseNothing")

// TestDailyExpiryTokenRefreshAndLateDataLoseNothing, also in a month. Each day
// the channels expire in the middle of a call, in spite of being renewed;
// tokens end after half a day, the platform announces maintenance each week,
// surveys are answered and evaluations made days after the end.
func TestDailyExpiryTokenRefreshAndLateDataLoseNothing(t *testing.T) {
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		server := genesystest.NewServer(t, genesystest.InMemory(), genesystest.TokenLifetime(12*time.Hour))

		var mu sync.Mutex
		told := map[string]map[events.Type]int{}
		hooks := events.NewHooks()
		events.After(hooks, "count", func(_ context.Context, e events.Event) error {
			mu.Lock()
			defer mu.Unlock()
			h := e.Head()
			if told[h.ConversationID] == nil {
				told[h.ConversationID] = map[events.Type]int{}
			}
			told[h.ConversationID][h.Type]++
			return nil
		})
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet, Lease: 10 * time.Minute})
		require.NoError(t, err)
		socket, err := notifications.New(notifications.Config{API: server.API(), Topics: notifications.UserTopics("user-a", "user-b"),
			Tracked: tracker, DialContext: server.DialContext, Logger: quiet})
		require.NoError(t, err)
		poller, err := polling.New(polling.Config{API: server.API(), Tracked: tracker, Logger: quiet,
			DiscoverEvery: 15 * time.Minute, FollowEvery: 5 * time.Minute, FollowBeside: 15 * time.Minute, Overlap: time.Minute, JobsEvery: 12 * time.Hour})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, socket, poller) }()
		defer func() {
			stop()
			require.NoError(t, <-ended)
		}()

		var ids []string
		for day := range *days {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%02d", day)
			s.Survey("survey-"+s.ID, "user-b", "q-2", 10*time.Minute).Complete(20*time.Hour, 90, 9)
			s.Evaluation("evaluation-"+s.ID, "user-b", "judge", "q-2", 2*time.Hour).Finish(60*time.Hour, 80, 70)
			ids = append(ids, s.ID)
			time.Sleep(12*time.Hour - 7*time.Minute)
			server.Play(s)
			if day%7 == 6 {
				server.Faults().AnnounceClosing(time.Minute)
			}
			time.Sleep(2 * time.Minute)
			require.Positive(t, server.Faults().ExpireChannels(), "while the call goes on")
			time.Sleep(12*time.Hour + 5*time.Minute)
		}
		time.Sleep(4 * 24 * time.Hour)
		synctest.Wait()

		mu.Lock()
		defer mu.Unlock()
		for _, id := range ids {
			require.Equal(t, map[events.Type]int{
				events.TypeConversationCreated: 1, events.TypeParticipantAdded: 6, events.TypeAgentConnected: 2,
				events.TypeAgentTransferred: 1, events.TypeAgentDisconnected: 1, events.TypeConversationEnded: 1,
				events.TypeConversationQueued: 2, events.TypeAgentAlerted: 2, events.TypeAgentLeft: 2, events.TypeAgentWrappedUp: 2,
				events.TypeSurveyCompleted: 1, events.TypeEvaluationReleased: 1,
			}, told[id], id)
			c, err := tracker.Get(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, conversation.SurveyFinished, c.Surveys[0].Status)
			require.Equal(t, conversation.EvaluationFinished, c.Evaluations[0].Status)
		}
		require.GreaterOrEqual(t, socket.Stats().Reconnects, int64(*days))
		require.GreaterOrEqual(t, socket.Stats().Heartbeats, int64((*days+4)*24*119))
	})
	t.Logf("took %v", time.Since(began))
}
