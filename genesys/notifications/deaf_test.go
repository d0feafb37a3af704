package notifications_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// read reads a conversation from the API, as a poller does.
func (w *world) read(id string) *conversation.Conversation {
	body, err := w.server.API().Call(w.t.Context(), genesys.Request{Path: "/api/v2/analytics/conversations/" + url.PathEscape(id) + "/details"})
	require.NoError(w.t, err)
	m, err := genesys.Decode(body, time.Now())
	require.NoError(w.t, err)
	require.Len(w.t, m.Conversations, 1)
	return m.Conversations[0]
}

func TestAChannelThatDoesNotTellWhatAPollerFindsIsReplacedAndTheGapAnnounced(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.call()
		w.settle(10 * time.Minute)
		gap := w.lost(func() {
			require.Equal(t, 1, w.server.Faults().DeafenChannels())
			missed := genesystest.BlindTransferToQueue()
			missed.ID = "c-missed"
			w.server.Play(missed)
			w.settle(10 * time.Minute)
			require.Empty(t, w.heard.status("c-missed"))
			require.Zero(t, w.source.Stats().Deaf)
			w.source.Compare(w.read("c-missed"))
		})
		require.Equal(t, int64(1), w.source.Stats().Deaf)
		require.WithinDuration(t, gap.To.Add(-14*time.Minute), gap.From, 4*time.Minute, "since the last event, though heartbeats came: %+v", gap)
		next := genesystest.BlindTransferToQueue()
		next.ID = "c-next"
		w.server.Play(next)
		w.settle(10 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.heard.status("c-next"), "it hears again")
	})
}

func TestADeafChannelIsFoundByOneReadWithTheSocketAlone(t *testing.T) {
	for name, forgotten := range map[string]bool{"the live API keeps the conversation": false, "only its record is left": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
				w.settle(10 * time.Minute)
				id := w.call()
				w.settle(30 * time.Second)
				require.Equal(t, conversation.StatusActive, w.heard.status(id))
				w.kept.setOpen(w.heard.conversation(id))
				w.server.Faults().DeafenChannels()
				if forgotten {
					w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return path == "/api/v2/conversations/{id}" }, Status: http.StatusNotFound})
				}
				w.settle(15 * time.Minute)
				require.Equal(t, int64(1), w.source.Stats().Deaf)
				require.NotEqual(t, conversation.StatusActive, w.heard.status(id), "what was read is a fact, too")
				require.LessOrEqual(t, w.reads(), 4)
				require.Equal(t, 1, w.source.Stats().Listening)
			})
		})
	}
}

// A channel can become deaf at any moment, also after its silence was found to be
// right, and the read that would tell so can fail.
func TestAChannelThatBecomesDeafLaterIsFoundWithTheSocketAlone(t *testing.T) {
	for name, failing := range map[string]time.Duration{"every read is answered": 0, "the first reads fail": 50 * time.Minute} {
		for _, quiet := range []time.Duration{time.Minute, 7 * time.Minute, 40 * time.Minute, 5 * time.Hour} {
			t.Run(fmt.Sprint(name, ", deaf after ", quiet), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
					s := genesystest.NewStory("c-long")
					s.Customer("cust", 0)
					s.Agent("a", 0, "user-a", "q-1").Answer(time.Second).Ends(quiet+10*time.Minute, "client")
					w.server.Play(s)
					w.settle(time.Minute)
					w.kept.setOpen(w.heard.conversation("c-long"))
					undo := func() {}
					if failing > 0 {
						undo = w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return path == "/api/v2/conversations/{id}" }, Status: http.StatusServiceUnavailable})
					}
					w.settle(quiet)
					w.server.Faults().DeafenChannels()
					w.settle(failing)
					undo()
					w.settle(4 * time.Hour)
					require.GreaterOrEqual(t, w.source.Stats().Deaf, int64(1))
				})
			})
		}
	}
}

// reads returns how many conversations were read.
func (w *world) reads() (n int) {
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/conversations/") {
			n++
		}
	}
	return n
}

func TestASilentChannelWithNothingToTellIsLeftInPeaceAtTheCostOfFewReads(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics, Tracked: w.kept})
		s := genesystest.NewStory("c-long") // a call of more than a day
		s.Customer("cust", 0)
		s.Agent("a", 0, "user-a", "q-1").Answer(time.Second)
		w.server.Play(s)
		w.settle(time.Minute)
		w.kept.setOpen(w.heard.conversation("c-long"))
		w.settle(24 * time.Hour)
		require.Zero(t, w.source.Stats().Deaf)
		require.Equal(t, 1, w.created())
		require.LessOrEqual(t, w.reads(), 27, "about one in an hour")
	})
}

func TestAPoolThatIsUsedUpDoesNotLetChannelsBeCreatedWithoutEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		_, err := w.server.API().Call(t.Context(), request(http.MethodPost, "/api/v2/notifications/channels"))
		require.NoError(t, err)
		w.server.Faults().ChannelPool(1)
		w.start(notifications.Config{Topics: callTopics})
		random := rand.New(rand.NewPCG(1, 1))
		for i := range 24 * 6 {
			s := genesystest.BlindTransferToQueue().Fresh(random)
			s.ID = fmt.Sprint("c-", i)
			w.server.Play(s)
			w.settle(10 * time.Minute)
			w.source.Compare(w.read(s.ID))
		}
		require.GreaterOrEqual(t, w.source.Stats().Deaf, int64(3))
		require.LessOrEqual(t, w.created(), 14, "channels in a day")
	})
}

func TestAChannelThatTellsIsNeverTakenForDeaf(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		users, queues := map[string]bool{}, map[string]bool{}
		var stories []*genesystest.Story
		for _, scenario := range genesystest.Scenarios() {
			s := scenario.Story()
			stories = append(stories, s)
			for _, l := range s.Legs {
				users[l.User], queues[l.Queue] = true, true
			}
		}
		var topics []string
		for id := range users {
			if id != "" {
				topics = append(topics, notifications.UserTopics(id)...)
			}
		}
		for id := range queues {
			if id != "" {
				topics = append(topics, notifications.QueueTopics(id)...)
			}
		}
		w.start(notifications.Config{Topics: topics})
		w.settle(10 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		for _, s := range stories {
			playing := w.server.Play(s)
			for range 20 {
				w.settle(45 * time.Second)
				if body, err := w.server.API().Call(ctx, genesys.Request{Path: "/api/v2/conversations/" + s.ID}); err == nil {
					m, _ := genesys.Decode(body, time.Now())
					for _, c := range m.Conversations {
						w.source.Compare(c)
					}
				}
				w.source.Compare(w.read(playing.ID()))
			}
		}
		w.settle(time.Hour)
		require.Zero(t, w.source.Stats().Deaf)
	})
}

// What a deaf channel did not tell is missed also by those who come after its process.
func TestThatAChannelWasDeafIsNotForgottenWithItsProcess(t *testing.T) {
	for name, killed := range map[string]bool{"it stops": false, "it dies": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.kept.members("a")
				stop, kill := w.startAs("a", callTopics)
				w.call()
				w.settle(10 * time.Minute)
				w.server.Faults().DeafenChannels()
				deaf := time.Now()
				missed := genesystest.BlindTransferToQueue()
				missed.ID = "c-missed"
				w.server.Play(missed)
				w.settle(10 * time.Minute)
				is := w.read("c-missed")
				undo := w.server.Faults().Requests(allFail)
				w.source.Compare(is)
				w.settle(3 * time.Minute)
				require.Equal(t, int64(1), w.source.Stats().Deaf)
				if killed {
					kill()
				} else {
					stop()
				}
				undo()
				gaps := len(w.heard.closed())
				w.kept.members("b")
				w.startAs("b", callTopics)
				w.settle(time.Minute)
				require.Len(t, w.heard.closed(), gaps+1)
				require.False(t, w.heard.closed()[gaps].From.After(deaf), "deaf since %v, gap from %v", deaf, w.heard.closed()[gaps].From)
			})
		})
	}
}

// TestATopicThatIsRefusedMakesNoChannelDeaf: nothing comes on it, however well the
// channel hears.
func TestATopicThatIsRefusedMakesNoChannelDeaf(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(notifications.Config{Topics: callTopics})
		w.settle(10 * time.Minute)
		talk := func(user string, i int) string {
			s := genesystest.NewStory(fmt.Sprintf("c-%s-%d", user, i))
			s.Customer("cust", 0)
			s.Agent("a", 0, user, "q-1").Answer(time.Second).Ends(30*time.Second, "client")
			w.server.Play(s)
			return s.ID
		}
		for i := range 25 {
			talk("user-a", i)
			w.settle(4 * time.Minute)
			id := talk("user-b", i)
			w.settle(5 * time.Minute)
			w.source.Compare(w.read(id))
			w.settle(2 * time.Minute)
		}
		require.Zero(t, w.source.Stats().Deaf)
		require.Equal(t, 1, w.created())
		require.True(t, w.rings("user-a", ""))
	}, genesystest.ForbidTopics(notifications.UserTopics("user-b")[0]))
}
