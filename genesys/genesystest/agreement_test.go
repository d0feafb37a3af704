package genesystest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// told is a tracker without a store: it merges what it is told and notes what
// follows.
type told struct {
	c      *conversation.Conversation
	events map[string]events.Event
}

func tell(t *testing.T, messages [][]byte) *told {
	t.Helper()
	l := &told{events: map[string]events.Event{}}
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err, "%s", data)
		for _, c := range m.Conversations {
			l.c = conversation.Merge(l.c, c)
			l.announce(false)
		}
	}
	l.announce(true)
	return l
}

func (l *told) announce(settle bool) {
	if l.c == nil {
		return
	}
	for _, e := range events.Unannounced(l.c, events.Wanted{Types: events.AllTypes}, func(id string) bool { return l.events[id] != nil }) {
		if e.Head().Settling() != events.Settled && !settle {
			continue
		}
		l.events[e.Head().ID] = e
		if ended, ok := e.(*events.ConversationEnded); ok {
			l.c = conversation.Merge(l.c, conversation.State(&conversation.Conversation{ID: l.c.ID, Endings: []time.Time{ended.ConversationEnd}},
				conversation.Statement{By: conversation.SourceHost}))
		}
	}
}

// ids returns the ids of the events but participant.added, and how many of
// those there were. Only somebody who listened at the time hears that a
// re-opened conversation had ended before.
func (l *told) ids(s genesystest.Scenario) (ids []string, added int) {
	for id, e := range l.events {
		switch e.Head().Type {
		case events.TypeParticipantAdded:
			added++
			continue
		case events.TypeSurveyCompleted, events.TypeEvaluationReleased:
			continue // no snapshot tells of them
		case events.TypeConversationEnded, events.TypeConversationReopened:
			if len(s.Live) > 0 {
				continue
			}
		}
		ids = append(ids, string(e.Head().Type)+" "+id)
	}
	slices.Sort(ids)
	return ids, added
}

// conversationTopics are the topics of everybody in the story.
func conversationTopics(s *genesystest.Story) []string {
	var topics []string
	add := func(prefix, id string) {
		if topic := prefix + id + ".conversations"; id != "" && !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	for _, l := range s.Legs {
		add("v2.users.", l.User)
		add("v2.routing.queues.", l.Queue)
	}
	return topics
}

func detailTopics(s *genesystest.Story) []string {
	var topics []string
	for _, event := range []string{"acd.start", "acd.end", "acw", "attributes", "customer.start", "customer.end", "flow.start", "flow.end",
		"outbound", "user.start", "user.end", "voicemail.start", "voicemail.end", "wrapup"} {
		topics = append(topics, "v2.detail.events.conversation."+s.ID+"."+event)
	}
	return append(topics, "v2.analytics.conversation."+s.ID+".metrics")
}

// TestWhatALiveSocketTellsAgreesWithTheRecord plays every scenario and demands
// that somebody who only listened knows the same as somebody who only read the
// analytics record in the end.
func TestWhatALiveSocketTellsAgreesWithTheRecord(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				story := scenario.Story()
				s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.HeartbeatEvery(time.Hour), genesystest.ChannelLifetime(10_000*time.Hour),
					genesystest.TokenLifetime(10_000*time.Hour))
				c := newClient(t, s)
				_, uri := c.channel(conversationTopics(story)...)
				snapshots := c.open(uri)
				_, uri = c.channel(append(conversationTopics(story), detailTopics(story)...)...)
				everything := c.open(uri)

				p := s.Play(story)
				require.NoError(t, p.Wait(t.Context()))
				time.Sleep(time.Second)
				if story.RecordEnd != 0 {
					time.Sleep(story.RecordEnd)
				}
				if judged := changes(story); len(judged) > 0 {
					time.Sleep(judged[len(judged)-1])
				}
				record := c.do(http.MethodGet, "/api/v2/analytics/conversations/"+story.ID+"/details", nil, http.StatusOK).body
				truth := s.Truth()
				require.Len(t, truth, 1)
				require.True(t, truth[0].Over)
				require.JSONEq(t, string(truth[0].Record), string(record))

				want, wantAdded := tell(t, [][]byte{record}).ids(scenario)
				require.Equal(t, scenario.Added-scenario.LiveParties, wantAdded)
				got, added := tell(t, everything.here()).ids(scenario)
				require.Equal(t, want, got)
				if len(conversationTopics(story)) > 0 {
					require.Equal(t, scenario.Added, added)
					got, added = tell(t, snapshots.here()).ids(scenario)
					require.Equal(t, want, got, "snapshots alone")
					require.Equal(t, scenario.Added, added, "snapshots alone")
				}
			})
		})
	}
}

// TestAFasterStoryIsTheSameStory plays the scenarios in real time, a thousand
// times as fast, over a loopback socket.
func TestAFasterStoryIsTheSameStory(t *testing.T) {
	s := genesystest.NewServer(t, genesystest.RateLimit(0))
	for _, scenario := range genesystest.Scenarios() {
		story := scenario.Story()
		if len(conversationTopics(story)) == 0 || story.Moments()[len(story.Moments())-1] > 10*time.Minute {
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, s)
			_, uri := c.channel(append(conversationTopics(story), detailTopics(story)...)...)
			so := c.open(uri)
			p := s.Play(story, genesystest.Speed(1000))
			require.NoError(t, p.Wait(t.Context()))
			record, err := json.Marshal(p.Story().Record(genesystest.Final))
			require.NoError(t, err)
			want, _ := tell(t, [][]byte{record}).ids(scenario)
			said := slices.DeleteFunc(so.soFar(), func(f []byte) bool { return !bytes.Contains(f, []byte(`"`+story.ID+`"`)) })
			got, added := tell(t, said).ids(scenario)
			require.Equal(t, want, got)
			require.Equal(t, scenario.Added, added)
		})
	}
}
