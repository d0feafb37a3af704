package notifications_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// allFail makes every call of the API fail.
var allFail = genesystest.RequestFault{Status: http.StatusServiceUnavailable}

func subs(method, path string) bool { return strings.HasSuffix(path, "/subscriptions") }

func TestASocketWithoutItsTopicsDoesNotCountAsHearing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(10 * time.Minute)
		evicted := time.Now()
		undo := w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Status: 503})
		w.server.Faults().EvictChannels()
		w.settle(time.Hour)
		t.Log("listening, nothing subscribed:", w.source.Stats().Listening)
		stop()
		undo()
		w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(time.Minute)
		gaps := w.heard.closed()
		last := gaps[len(gaps)-1]
		require.False(t, last.From.After(evicted), "evicted %v, gap from %v (%v lost)", evicted, last.From, last.From.Sub(evicted))
	})
}

func TestATopicThatCannotBeAddedIsMissedSinceThen(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(notifications.Config{Topics: notifications.UserTopics("nobody"), Tracked: w.kept})
		w.settle(10 * time.Minute)
		undo := w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Status: 503})
		added := time.Now()
		require.NoError(t, w.source.SetTopics(callTopics...))
		w.settle(time.Hour)
		stop()
		undo()
		w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(time.Minute)
		gaps := w.heard.closed()
		last := gaps[len(gaps)-1]
		require.False(t, last.From.After(added), "added %v, gap from %v", added, last.From)
	})
}

func TestARefusedHandshakeDoesNotUseUpTheChannels(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		undo := w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, p string) bool { return p == "/channels/{id}" }, Status: 403})
		w.start(notifications.Config{Topics: callTopics})
		w.settle(20 * time.Second)
		t.Log("channels created after 20s of refused handshakes:", w.created())
		undo()
		w.settle(12 * time.Hour)
		require.Equal(t, 1, w.source.Stats().Listening, "12 h after the streaming host is well again")
	})
}

func TestAChannelOfMoreThanADayIsUsedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(30 * time.Hour)
		stop()
		w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		w.settle(time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
		require.Equal(t, 1, w.created())
	})
}

func TestTwoProcessesNeverUseTheSameChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a", "b")
		stopA := w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "a"}})
		stopB := w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "b"}})
		w.settle(10 * time.Minute)
		stopA()
		stopB()
		w.kept.members("c", "d")
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "c"}})
		c := w.source
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "d"}})
		d := w.source
		before := len(w.heard.closed())
		w.settle(time.Hour)
		t.Log("reconnects in an hour:", c.Stats().Reconnects, d.Stats().Reconnects, "gaps:", len(w.heard.closed())-before)
		require.Zero(t, c.Stats().Reconnects+d.Stats().Reconnects)
	})
}

func TestATakeoverThatComesLateGoesBackToTheDeath(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a", "b")
		stopA := w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "a"}})
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "b"}})
		w.settle(10 * time.Minute)
		stopA()
		died := time.Now()
		gaps := len(w.heard.closed())
		w.settle(12 * time.Minute) // Config.Lease of 10 min
		w.kept.members("b")
		w.settle(time.Minute)
		taken := w.heard.closed()[gaps:]
		require.Len(t, taken, 1)
		require.False(t, taken[0].From.After(died), "died %v, gap from %v", died, taken[0].From)
	})
}

func TestAProcessThatHearsDoesNotHideThatAnotherIsBlind(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a", "b")
		var mu sync.Mutex
		cut := false
		stop := w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "a"}, DialContext: func(ctx context.Context, n, a string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if cut {
				return nil, errors.New("no route")
			}
			return w.server.DialContext(ctx, n, a)
		}})
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "b"}})
		w.settle(10 * time.Minute)
		mu.Lock()
		cut = true
		mu.Unlock()
		blind := time.Now()
		w.server.Faults().CutSockets()
		w.settle(3 * time.Hour)
		stop()
		gaps := len(w.heard.closed())
		w.kept.members("b")
		w.settle(time.Minute)
		taken := w.heard.closed()[gaps:]
		require.Len(t, taken, 1)
		require.False(t, taken[0].From.After(blind), "a's topics blind since %v, gap closed from %v only", blind, taken[0].From)
	})
}

type hung struct {
	*shelf
	on *bool
}

func (h hung) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if *h.on {
		<-ctx.Done()
		return nil, 0, ctx.Err()
	}
	return h.shelf.Value(ctx, name)
}

func TestRunReturnsAlthoughTheStoreHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		on := false
		cancel, ended := w.open(notifications.Config{Topics: callTopics, Tracked: hung{w.kept, &on}}, w.heard.sink)
		w.settle(10 * time.Second)
		on = true
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(time.Hour):
			t.Error("Run has not returned after an hour")
		}
	})
}

func TestListeningDoesNotWaitForTheStore(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		on := false
		cancel, ended := w.open(notifications.Config{Topics: callTopics, Tracked: hung{w.kept, &on}}, w.heard.sink)
		w.settle(10 * time.Second)
		on = true
		w.server.Faults().EvictChannels()
		w.settle(15 * time.Second)
		require.Equal(t, 1, w.source.Stats().Listening, "after an eviction, while the store hangs")
		on = false
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestDetailTopicsAnnounceNoGaps(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"user.end"}})
		w.settle(time.Minute)
		defer w.server.Faults().Slow(300 * time.Millisecond)()
		before := len(w.heard.closed())
		for i := range 20 {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%d", i)
			w.server.Play(s)
			w.settle(5 * time.Second)
		}
		w.settle(time.Minute)
		gaps := w.heard.closed()[before:]
		if len(gaps) > 0 {
			t.Log(gaps[0].Reason)
		}
		require.Empty(t, gaps, "%d gaps although the socket was never lost", len(gaps))
	})
}

func TestDetailTopicsDoNotUseUpTheRateLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"user.end"}})
		w.settle(time.Minute)
		since := time.Now()
		for i := range 600 { // 5 a second
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("c-%d", i)
			w.server.Play(s)
			time.Sleep(200 * time.Millisecond)
		}
		n := 0
		for _, r := range w.server.Requests() {
			if r.At.After(since) && r.Method == http.MethodPut {
				n++
			}
		}
		t.Logf("%d PUT in %v", n, time.Since(since))
		require.Less(t, n, 60)
	})
}

// strict refuses a whole list for one topic in it, whatever ignoreErrors says.
type strict struct {
	genesys.API
	posts *atomic.Bool // adding fails for now
}

func (s strict) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if strings.Contains(string(r.Body), "nonsense") {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: 400, Code: "notification.invalid.topic"}
	}
	if s.posts.Load() && r.Verb() == "POST" && strings.HasSuffix(r.Path, "/subscriptions") {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: 503}
	}
	return s.API.Call(ctx, r)
}

func TestLookingForABadTopicInterruptsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var down atomic.Bool
		w.start(notifications.Config{API: strict{w.server.API(), &down}, Topics: append([]string{"v2.nonsense.of.somebody"}, callTopics...)})
		w.settle(time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
		gaps := len(w.heard.all())
		w.settle(4*time.Hour + 25*time.Minute)
		down.Store(true) // adding is refused by 503 around the time of the renewal
		w.settle(35 * time.Minute)
		id := w.call()
		w.settle(20 * time.Minute)
		down.Store(false)
		w.settle(5 * time.Minute)
		t.Logf("the call: %q, listening: %d, gaps: %v", w.heard.status(id), w.source.Stats().Listening, w.heard.all()[gaps:])
		require.False(t, w.heard.status(id) == "" && len(w.heard.all()) == gaps, "it was lost, and no gap was announced")
	})
}

func TestATopicAddedDuringTheFirstSubscriptionIsMissedUntilItIsSubscribed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		undo := w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return strings.HasSuffix(path, "/subscriptions") }, Delay: 20 * time.Second})
		w.start(notifications.Config{Topics: notifications.UserTopics("nobody")})
		w.settle(5 * time.Second) // the first PUT is under way
		added := time.Now()
		require.NoError(t, w.source.SetTopics(append(notifications.UserTopics("nobody"), callTopics...)...))
		w.settle(time.Minute)
		undo()
		var put time.Time
		for _, r := range w.server.Requests() {
			if r.Method == http.MethodPut {
				put = r.At.Add(r.Took)
			}
		}
		gaps := w.heard.closed()
		last := gaps[len(gaps)-1]
		require.False(t, last.From.After(added))
		require.False(t, last.To.Before(put), "the gap of the added topics ends when they are subscribed")
	})
}

func TestConversationsThatTheStoreRefusesHoldUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		cancel, ended := w.open(notifications.Config{Topics: callTopics, Workers: 4}, func(ctx context.Context, u conversation.Update) error {
			for _, c := range u.Conversations {
				if strings.HasPrefix(c.ID, "bad") {
					return errors.New("the row is refused")
				}
			}
			return w.heard.sink(ctx, u)
		})
		w.settle(time.Second)
		for i := range 4 {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprintf("bad-%d", i)
			w.server.Play(s)
		}
		w.settle(30 * time.Second)
		id := w.call()
		w.settle(time.Hour)
		got := w.heard.status(id)
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, conversation.StatusEnded, got)
	})
}

func TestStatsTellWhenABlindSourceLastHeard(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(10 * time.Minute)
		w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, p string) bool { return true }, Status: 503})
		w.server.Faults().CutSockets()
		w.settle(time.Minute)
		require.False(t, w.source.Stats().LastHeard.IsZero())
	})
}

func TestTopicsAreHandedOverOnlyToAProcessThatHears(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		w.kept.members("a")
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "a"}})
		w.settle(time.Minute)
		other := w.server.API()
		for range notifications.MostChannels - 1 {
			_, err := other.Call(t.Context(), request(http.MethodPost, "/api/v2/notifications/channels"))
			require.NoError(t, err)
		}
		a := w.source
		gaps := len(w.heard.all())
		w.kept.members("a", "b")
		w.start(notifications.Config{Topics: topics, Tracked: as{w.kept, "b"}})
		w.settle(2 * time.Hour)
		t.Log("a hears", a.Stats().Topics, "b listening", w.source.Stats().Listening, "gaps announced", len(w.heard.all())-gaps)
		require.Zero(t, w.unheard(len(topics)), "conversations that nobody heard")
	})
}

func TestAnOddAnswerDoesNotEndTheSource(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		cancel, ended := w.open(notifications.Config{Topics: callTopics}, w.heard.sink)
		w.settle(time.Minute)
		w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Status: 409, Times: 1})
		require.NoError(t, w.source.SetTopics(append(notifications.UserTopics("x"), callTopics...)...))
		select {
		case err := <-ended:
			t.Errorf("one 409 ends the source: %v", err)
		case <-time.After(time.Minute):
			cancel()
			require.NoError(t, <-ended)
		}
	})
}

var _ genesys.Tracked = hung{}

func TestSubscriptionsThatAreNotFoundDoNotUseUpTheChannelsThatThePlatformKnows(t *testing.T) {
	for name, how := range map[string]func(w *world){
		"the socket is cut": func(w *world) { w.server.Faults().CutSockets() },
		"a topic is added": func(w *world) {
			require.NoError(w.t, w.source.SetTopics(append(notifications.UserTopics("another"), callTopics...)...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: callTopics})
				w.settle(10 * time.Minute)
				undo := w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Status: http.StatusNotFound})
				how(w)
				w.settle(time.Hour)
				require.Equal(t, 1, w.created())
				undo()
				w.settle(2 * time.Minute)
				require.Equal(t, 1, w.source.Stats().Listening)
			})
		})
	}
}

func TestABadTopicIsFoundOnAChannelThatIsFull(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		full := topicsOfUsers(notifications.MostTopics)
		var down atomic.Bool
		w.start(notifications.Config{API: strict{w.server.API(), &down}, Topics: full})
		w.settle(time.Minute)
		next := append(slices.Clone(full[:notifications.MostTopics-2]), "v2.nonsense.of.somebody", notifications.UserTopics("user-a")[0])
		require.NoError(t, w.source.SetTopics(next...))
		w.settle(5 * time.Minute)
		require.Len(t, w.source.Stats().Refused, 1)
		require.True(t, w.rings("user-a", ""))
		w.server.Faults().CutSockets()
		w.settle(5 * time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
	})
}

// TestAChannelThatThePlatformSaysIsGoneIsReplaced, although it still answers for it.
func TestAChannelThatThePlatformSaysIsGoneIsReplaced(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(10 * time.Minute)
		w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Times: 1, Status: http.StatusNotFound, Code: "entity.not.found"})
		w.server.Faults().CutSockets()
		w.settle(5 * time.Minute)
		require.Equal(t, 1, w.source.Stats().Listening)
		require.Equal(t, 2, w.created())
	})
}
