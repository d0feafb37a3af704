package notifications_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

var errConflict = errors.New("another version")

func TestWhatHappensIsHeardWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		id := w.call()
		w.settle(14 * time.Second)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
		w.settle(8 * time.Second) // answered at 21.48 s
		require.Equal(t, conversation.StatusActive, w.heard.status(id))
		w.settle(6 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.heard.status(id))
		require.Len(t, w.heard.closed(), 1, "only the time before the start is a gap")
	})
}

func TestTheTimeBeforeTheFirstStartIsAGapOfUnknownLength(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		gaps := w.heard.closed()
		require.Len(t, gaps, 1)
		require.True(t, gaps[0].From.IsZero())
		require.Equal(t, "notifications/1", gaps[0].Source)
	})
}

func TestASourceThatStartsAgainKnowsWhenItLastHeardAndTakesItsOwnChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(10 * time.Minute)
		stop()
		stopped := time.Now()
		w.settle(time.Hour)
		w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		gaps := w.heard.closed()
		require.Len(t, gaps, 2)
		require.WithinDuration(t, stopped, gaps[1].From, time.Minute)
		require.False(t, gaps[1].From.After(stopped))
		require.Equal(t, 1, w.created(), "the channel is used again")
		id := w.call()
		w.settle(15 * time.Second)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
	})
}

// created returns how many channels were created.
func (w *world) created() int {
	n := 0
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/notifications/channels") {
			n++
		}
	}
	return n
}

// lost makes the source lose its socket in a way, and returns the gap that it
// announces.
func (w *world) lost(how func()) conversation.Gap {
	before := len(w.heard.closed())
	how()
	w.settle(3 * time.Minute)
	gaps := w.heard.closed()
	require.Len(w.t, gaps, before+1, "the gap is announced once")
	require.Equal(w.t, 1, w.source.Stats().Listening)
	return gaps[before]
}

func TestADeadSocketIsReplacedAndTheGapAnnounced(t *testing.T) {
	for name, fault := range map[string]func(*genesystest.Faults){
		"cut":                  func(f *genesystest.Faults) { f.CutSockets() },
		"closed with 1001":     func(f *genesystest.Faults) { f.CloseSockets(1001, "idle") },
		"evicted":              func(f *genesystest.Faults) { f.EvictChannels() },
		"expired":              func(f *genesystest.Faults) { f.ExpireChannels() },
		"revoked with words":   func(f *genesystest.Faults) { f.RevokeTokens(true) },
		"revoked without them": func(f *genesystest.Faults) { f.RevokeTokens(false); f.CutSockets() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
				w.settle(time.Minute)
				at := time.Now()
				gap := w.lost(func() { fault(w.server.Faults()) })
				require.WithinDuration(t, at, gap.From, 35*time.Second, "since the last sign of life")
				require.False(t, gap.From.After(at))
				require.WithinDuration(t, at, gap.To, 10*time.Second)
				id := w.call()
				w.settle(15 * time.Second)
				require.Equal(t, conversation.StatusAlerting, w.heard.status(id), "it hears again")
			})
		})
	}
}

func TestASilentSocketIsNoticedWithin45Seconds(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(time.Minute)
		at := time.Now()
		gap := w.lost(func() { w.server.Faults().SilenceSockets() })
		require.LessOrEqual(t, gap.To.Sub(at), 45*time.Second)
		require.False(t, gap.From.After(at))
	})
}

func TestAClosingNoticeIsAnsweredByANewSocketBeforeTheOldOneDies(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		id := w.call()
		w.settle(10 * time.Second)
		at := time.Now()
		gap := w.lost(func() { w.server.Faults().AnnounceClosing(time.Minute) })
		require.WithinDuration(t, at, gap.To, time.Second)
		require.Equal(t, 1, w.created(), "subscriptions belong to the channel")
		require.Zero(t, w.source.Stats().Reconnects)
		w.settle(5 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.heard.status(id))
	})
}

func TestTwoDaysOfHeartbeatsNeedNoNewChannelAndLoseNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(48 * time.Hour)
		require.Equal(t, 1, w.created())
		require.Len(t, w.heard.closed(), 1)
		require.GreaterOrEqual(t, w.source.Stats().Heartbeats, int64(5700))
		id := w.call()
		w.settle(15 * time.Second)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
	})
}

func TestTheTwentyFirstChannelIsNeverCreated(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		other := w.server.API()
		for range notifications.MostChannels {
			_, err := other.Call(t.Context(), request(http.MethodPost, "/api/v2/notifications/channels"))
			require.NoError(t, err)
		}
		w.start(notifications.Config{Topics: callTopics})
		w.settle(5 * time.Minute)
		require.Equal(t, notifications.MostChannels, w.created())
		require.Zero(t, w.source.Stats().Listening)
		w.server.Faults().EvictChannels()
		w.settle(time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening, "it goes on when there is room")
	})
}

func TestTopicsAreSpreadOverChannels(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var users []string
		for i := range 2500 {
			users = append(users, fmt.Sprintf("u-%d", i))
		}
		w.start(notifications.Config{Topics: notifications.UserTopics(users...)})
		w.settle(10 * time.Second)
		require.Equal(t, 3, w.created())
		require.Equal(t, notifications.Stats{Topics: 2500, Channels: 3, Listening: 3}, levels(w.source.Stats()))
		s := genesystest.NewStory("c-1")
		s.Customer("cust", 0)
		s.Agent("a", time.Second, "u-2400", "q-1").Answer(2 * time.Second)
		w.server.Play(s)
		w.settle(5 * time.Second)
		require.Equal(t, conversation.StatusActive, w.heard.status("c-1"))
	})
}

// levels leaves the counts out.
func levels(s notifications.Stats) notifications.Stats {
	return notifications.Stats{Topics: s.Topics, Channels: s.Channels, Listening: s.Listening}
}

func TestARefusedTopicIsReportedByNameAndDoesNotHinderTheOthers(t *testing.T) {
	forbidden := notifications.UserTopics("user-b")[0]
	inBubble(t, func(t *testing.T, w *world) {
		var told []notifications.Refusal
		w.start(notifications.Config{Topics: callTopics, OnRefused: func(r notifications.Refusal) { told = append(told, r) }})
		id := w.call()
		w.settle(6 * time.Hour) // a renewal does not report it again
		require.Equal(t, conversation.StatusEnded, w.heard.status(id))
		require.Len(t, told, 1)
		require.Equal(t, forbidden, told[0].Topic)
		require.NotEmpty(t, told[0].Reason)
		require.Equal(t, []string{"conversation:communication:view"}, told[0].MissingPermissions)
		require.Equal(t, told, w.source.Stats().Refused)
		w.demandHeard(len(callTopics)-1, len(callTopics))
	}, genesystest.ForbidTopics(forbidden))
}

func TestTopicsThatMakeThePlatformRefuseTheWholeListAreFound(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := append(notifications.QueueTopics("q-1", "q-2", "q-3"), "v2.nonsense.of.somebody")
		w.start(notifications.Config{Topics: append(topics, callTopics...)})
		w.settle(30 * time.Second)
		refused := w.source.Stats().Refused
		require.Len(t, refused, 1)
		require.Equal(t, "v2.nonsense.of.somebody", refused[0].Topic)
		w.demandHeard(3+len(callTopics), 4+len(callTopics))
		id := w.call()
		w.settle(15 * time.Second)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
	})
}

func TestWrongCredentialsEndTheSource(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().Requests(genesystest.RequestFault{
			Match:  func(method, path string) bool { return strings.HasSuffix(path, "/notifications/channels") },
			Status: http.StatusForbidden, Code: "missing.permissions",
		})
		source, err := notifications.New(notifications.Config{API: w.server.API(), Topics: callTopics, DialContext: w.server.DialContext})
		require.NoError(t, err)
		err = source.Run(t.Context(), w.heard.sink)
		require.ErrorContains(t, err, "missing.permissions")
	})
}

func TestReadingNeverWaitsForTheStore(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.heard.hook(func(ctx context.Context) error {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		})
		w.start(notifications.Config{Topics: callTopics, Workers: 1})
		id := w.call()
		w.settle(10 * time.Minute)
		require.Equal(t, int64(0), w.source.Stats().Reconnects)
		require.Equal(t, 1, w.source.Stats().Pending, "what was heard meanwhile is joined")
		close(release)
		w.settle(time.Second)
		require.Equal(t, conversation.StatusEnded, w.heard.status(id))
		require.LessOrEqual(t, w.heard.calls, 2)
	})
}

func TestWhatTheStoreFailsToKeepIsSaidAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.heard.hook(func(context.Context) error { return errors.New("the database is down") })
		w.start(notifications.Config{Topics: callTopics})
		id := w.call()
		w.settle(10 * time.Minute)
		require.Empty(t, w.heard.status(id))
		w.heard.hook(nil)
		w.settle(time.Minute)
		require.Equal(t, conversation.StatusEnded, w.heard.status(id))
	})
}

func TestFramesThatTheStoreCannotKeepUpWithAreDroppedAndAnnouncedAsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stuck := make(chan struct{})
		w.heard.hook(func(ctx context.Context) error {
			select {
			case <-stuck:
			case <-ctx.Done():
			}
			return nil
		})
		w.start(notifications.Config{Topics: callTopics, Workers: 1, MaxPending: 2})
		at := time.Now()
		for i := range 8 {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%d", i)
			w.server.Play(s)
		}
		w.settle(20 * time.Second)
		require.LessOrEqual(t, w.source.Stats().Pending, 2)
		require.Positive(t, w.source.Stats().Dropped)
		close(stuck)
		w.settle(3 * time.Minute)
		gaps := w.heard.closed()
		require.GreaterOrEqual(t, len(gaps), 2)
		require.False(t, gaps[1].From.After(at.Add(14*time.Second)))
		require.Contains(t, gaps[1].Reason, "dropped")
	})
}

func TestWhatWasReadIsStoredBeforeRunReturns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.heard.hook(func(context.Context) error { time.Sleep(time.Second); return nil })
		stop := w.start(notifications.Config{Topics: callTopics})
		id := w.call()
		time.Sleep(13 * time.Second)
		synctest.Wait()
		stop()
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
	})
}

func TestDetailTopicsFollowTheConversationsThatAreHeardOf(t *testing.T) {
	for name, c := range map[string]struct {
		options []genesystest.Option
		topics  int
	}{
		"combined, as that counts as one":                     {nil, 1},
		"singly, where messages come under the combined name": {[]genesystest.Option{genesystest.CombinedTopicNames()}, len(notifications.DetailEvents())},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: notifications.UserTopics("user-a"), DetailEvents: notifications.DetailEvents()})
				id := w.call()
				w.settle(25 * time.Second)
				require.Equal(t, 1+c.topics, w.source.Stats().Topics)
				w.settle(6 * time.Minute) // the agent that it was transferred to is in no topic
				_, s := w.heard.conversation(id).Session("s-b")
				require.NotNil(t, s)
				require.Equal(t, conversation.DisconnectClient, s.DisconnectType)
				w.settle(2 * time.Hour)
				require.Equal(t, 1, w.source.Stats().Topics, "the topics of what has ended are given up")
			}, append(c.options, genesystest.LeaversHearNothing())...)
		})
	}
}

func TestTheLatestConversationsGetTheDetailTopics(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"user.end", "acw"}, MaxChannels: 1, TopicsPerChannel: 5})
		for i := range 5 {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%d", i)
			w.server.Play(s)
			w.settle(time.Second)
		}
		w.settle(20 * time.Second)
		require.Equal(t, 5, w.source.Stats().Topics)
	})
}

func TestTopicsCanChangeWhileItRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: notifications.UserTopics("nobody")})
		require.NoError(t, w.source.SetTopics(callTopics...))
		w.settle(2 * time.Second)
		id := w.call()
		w.settle(15 * time.Second)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
		require.NoError(t, w.source.SetTopics())
		w.settle(10 * time.Minute)
		require.Equal(t, conversation.StatusAlerting, w.heard.status(id))
	})
}

func TestTheLoginHostMayBeDownForLong(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		undo := w.server.Faults().Requests(genesystest.RequestFault{
			Match:  func(_, path string) bool { return true },
			Status: http.StatusServiceUnavailable,
		})
		w.start(notifications.Config{Topics: callTopics})
		w.settle(2 * time.Hour)
		require.Zero(t, w.source.Stats().Listening)
		undo()
		w.settle(2 * time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
	})
}

func TestProcessesShareTopicsAndTakeThemOverWithAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a", "b")
		stopA := w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "a"}})
		a := w.source
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "b"}})
		b := w.source
		require.Equal(t, 40, a.Stats().Topics+b.Stats().Topics)
		require.NotZero(t, a.Stats().Topics)
		require.NotZero(t, b.Stats().Topics)
		w.settle(10 * time.Minute)

		stopA()
		gaps := len(w.heard.closed())
		died := time.Now()
		w.settle(15 * time.Second)
		w.kept.members("b")
		w.settle(5 * time.Second)
		require.Equal(t, 40, b.Stats().Topics)
		taken := w.heard.closed()[gaps:]
		require.Len(t, taken, 1)
		require.True(t, taken[0].From.Before(died))
		require.Zero(t, w.unheard(len(topics)))
		require.Equal(t, 2, w.created())

		w.kept.members("b", "c")
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "c"}})
		require.Equal(t, 40, b.Stats().Topics, "for a while both hear, so that nothing is missed")
		w.settle(2 * time.Minute)
		require.Equal(t, 40, b.Stats().Topics+w.source.Stats().Topics)
		require.Equal(t, 2, w.created(), "the channel of the process that is gone is used again")
	})
}
