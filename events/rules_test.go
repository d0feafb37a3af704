package events_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// say puts an event into the words of the scenarios.
func say(e events.Event) string {
	switch e := e.(type) {
	case *events.ConversationCreated:
		return "created"
	case *events.ParticipantAdded:
		return "added"
	case *events.AgentConnected:
		return "connected " + e.UserID
	case *events.AgentTransferred:
		to := e.To.QueueID
		switch e.To.Kind {
		case events.TargetAgent:
			to = e.To.UserID
		case events.TargetAddress:
			to = e.To.Address
		}
		return fmt.Sprintf("transferred %s %s %s %s", e.From.UserID, e.TransferType, e.To.Kind, to)
	case *events.AgentDisconnected:
		return fmt.Sprintf("disconnected %s %s %d", e.UserID, e.DisconnectType, e.RemainingAgents)
	case *events.ConversationEnded:
		return "ended"
	case *events.ConversationReopened:
		return "reopened " + e.SessionID
	case *events.ConversationQueued:
		return "queued " + e.QueueID
	case *events.AgentAlerted:
		return "alerted " + e.UserID
	case *events.AgentUnanswered:
		return fmt.Sprintf("unanswered %s %s", e.UserID, e.Reason)
	case *events.AgentLeft:
		return fmt.Sprintf("left %s %s %d", e.UserID, e.Reason, e.RemainingAgents)
	case *events.AgentWrappedUp:
		return fmt.Sprintf("wrappedUp %s %s", e.UserID, e.WrapUpCode)
	case *events.SurveyCompleted:
		return "survey " + e.SurveyID
	case *events.EvaluationReleased:
		return "evaluation " + e.EvaluationID
	}
	return "?"
}

// listener is a tracker without a store: it merges what it hears and announces
// what follows, what must settle only when told.
type listener struct {
	c         *conversation.Conversation
	announced map[string]bool
	heard     []events.Event
}

func newListener() *listener { return &listener{announced: map[string]bool{}} }

func (l *listener) hear(said ...*conversation.Conversation) {
	for _, c := range said {
		l.c = conversation.Merge(l.c, c)
		l.announce(false)
	}
}

func decode(t testing.TB, messages [][]byte) []*conversation.Conversation {
	t.Helper()
	var said []*conversation.Conversation
	for _, m := range messages {
		msg, err := genesys.Decode(m, time.Time{})
		require.NoError(t, err, "%s", m)
		said = append(said, msg.Conversations...)
	}
	return said
}

func (l *listener) announce(settle bool) {
	for _, e := range events.Unannounced(l.c, events.Wanted{Types: events.AllTypes}, func(id string) bool { return l.announced[id] }) {
		if e.Head().Settling() != events.Settled && !settle {
			continue
		}
		l.announced[e.Head().ID] = true
		l.heard = append(l.heard, e)
		if ended, ok := e.(*events.ConversationEnded); ok {
			l.c = conversation.Merge(l.c, conversation.State(&conversation.Conversation{ID: l.c.ID, Endings: []time.Time{ended.ConversationEnd}},
				conversation.Statement{By: conversation.SourceHost}))
		}
	}
}

func (l *listener) said() (added int, rest []string) {
	for _, e := range l.heard {
		if e.Head().Type.Further() {
			continue
		}
		if s := say(e); s == "added" {
			added++
		} else {
			rest = append(rest, s)
		}
	}
	return added, rest
}

// further are the events that trackers announce where a hook takes them.
func (l *listener) further() (said []string) {
	for _, e := range l.heard {
		if e.Head().Type.Further() {
			said = append(said, say(e))
		}
	}
	slices.Sort(said)
	return said
}

// channel is a form in which a story is told.
type channel struct {
	name     string
	messages func(*genesystest.Story) [][]byte
}

var channels = []channel{
	{"detail events", (*genesystest.Story).Details},
	{"EventBridge", (*genesystest.Story).Envelopes},
	{"SQS", (*genesystest.Story).QueueMessages},
	{"topics", (*genesystest.Story).Snapshots},
	{"media topics", (*genesystest.Story).MediaSnapshots},
	{"REST", (*genesystest.Story).Bodies},
	{"analytics", (*genesystest.Story).Records},
}

// decodedStories are those that were told over the channels, decoded once for all
// tests: nobody changes what was decoded.
var decodedStories = map[string][]*conversation.Conversation{}

func (ch channel) tell(t testing.TB, s genesystest.Scenario) []*conversation.Conversation {
	t.Helper()
	story := s.Name + "/" + ch.name
	if decodedStories[story] == nil {
		decodedStories[story] = decode(t, ch.messages(s.Story()))
	}
	return decodedStories[story]
}

func singleFacts(channel string) bool {
	return channel == "detail events" || channel == "EventBridge" || channel == "SQS"
}

// TestRules tells every scenario over every channel and demands the same
// Common Events: a channel that cannot know a fact may lack it, none may
// invent one.
func TestRules(t *testing.T) {
	scenarios := genesystest.Scenarios()
	require.GreaterOrEqual(t, len(scenarios), 58+20, "those of the rules, and those of what captures showed")
	for _, s := range scenarios {
		for _, ch := range channels {
			t.Run(s.Name+"/"+ch.name, func(t *testing.T) {
				l := newListener()
				l.hear(ch.tell(t, s)...)
				l.announce(true)
				want, wantAdded := slices.Clone(s.Want), s.Added
				switch {
				case singleFacts(ch.name):
					for _, lacks := range s.DetailLacks {
						want = slices.Delete(want, slices.Index(want, lacks), slices.Index(want, lacks)+1)
					}
					want = append(want, s.DetailMistake...)
					wantAdded -= s.LiveParties
				case ch.name == "analytics":
					wantAdded -= s.LiveParties
					want = append(want, s.Live...)
				case ch.name != "media topics": // which cannot tell an end at once
					want = append(want, s.Live...)
				}
				added, rest := l.said()
				slices.Sort(want)
				slices.Sort(rest)
				require.Equal(t, want, rest)
				require.Equal(t, wantAdded, added, "participants")
				require.Equal(t, wantFurther(s, ch.name), l.further())
			})
		}
	}
}

// wantFurther is what a channel alone tells of the further events: of surveys
// and evaluations, only records.
func wantFurther(s genesystest.Scenario, channel string) []string {
	var want []string
	for _, w := range s.Further {
		if judged := strings.HasPrefix(w, "survey ") || strings.HasPrefix(w, "evaluation "); !judged || channel == "analytics" {
			want = append(want, w)
		}
	}
	if singleFacts(channel) {
		want = append(want, s.FurtherMistake...)
	}
	slices.Sort(want)
	return want
}

func TestAnyOrderAndRepetitionGivesTheSameEvents(t *testing.T) {
	rnd := random(t)
	for _, s := range genesystest.Scenarios() {
		for _, ch := range channels {
			t.Run(s.Name+"/"+ch.name, func(t *testing.T) {
				messages := ch.tell(t, s)
				inOrder := newListener()
				inOrder.hear(messages...)
				inOrder.announce(true)
				for range *rounds {
					shuffled := slices.Concat(messages, messages, messages)
					rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
					l := newListener()
					l.hear(shuffled...)
					l.announce(true)
					requireSameButLive(t, s, inOrder, l)
				}
			})
		}
	}
}

// requireSameButLive demands the same ids, and the same conversation. Only
// somebody who listened at the time hears that a re-opened conversation had
// ended before.
func requireSameButLive(t *testing.T, s genesystest.Scenario, want, got *listener) {
	t.Helper()
	ids := func(l *listener) (ids []string) {
		for _, e := range l.heard {
			if len(s.Live) > 0 && (e.Head().Type == events.TypeConversationEnded || e.Head().Type == events.TypeConversationReopened) {
				continue
			}
			ids = append(ids, fmt.Sprint(e.Head().ID, " ", e.Head().Type))
		}
		slices.Sort(ids)
		return ids
	}
	require.Equal(t, ids(want), ids(got))
	if len(s.Live) == 0 {
		require.Equal(t, conversationJSON(t, want.c), conversationJSON(t, got.c))
	}
}

// TestWhatIsAnnouncedAsItIsHeardIsWhatIsKnownInTheEnd tells every scenario as it
// happens: conclusions settle wherever nothing happens for longer than they wait.
func TestWhatIsAnnouncedAsItIsHeardIsWhatIsKnownInTheEnd(t *testing.T) {
	const late = 5 * time.Second
	for _, s := range genesystest.Scenarios() {
		if len(s.Live) > 0 {
			continue
		}
		story := s.Story()
		var facts []time.Duration
		for _, e := range story.DetailEvents() {
			facts = append(facts, e.At)
		}
		for _, ch := range channels {
			moments := story.Moments()
			switch {
			case ch.name == "media topics":
				continue
			case singleFacts(ch.name):
				moments = facts
			}
			t.Run(s.Name+"/"+ch.name, func(t *testing.T) {
				messages := ch.tell(t, s)
				inTheEnd, l := newListener(), newListener()
				inTheEnd.hear(messages...)
				inTheEnd.announce(true)
				for i, c := range messages {
					l.hear(c)
					l.announce(i+1 >= len(moments) || moments[i+1]-moments[i] > late)
				}
				_, want := inTheEnd.said()
				_, got := l.said()
				want, got = append(want, inTheEnd.further()...), append(got, l.further()...)
				if singleFacts(ch.name) && s.Name == "conference, an agent leaves it" { // nobody has said that the other one has answered
					for i := range got {
						got[i] = strings.Replace(strings.Replace(got[i], "disconnected user-a client 0", "disconnected user-a client 1", 1), "left user-a disconnected 0", "left user-a disconnected 1", 1)
					}
				}
				require.ElementsMatch(t, want, got)
			})
		}
	}
}

func TestMixedChannelsAnnounceNothingTwice(t *testing.T) {
	rnd := random(t)
	for _, s := range genesystest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			var messages []*conversation.Conversation
			for _, ch := range channels {
				messages = append(messages, ch.tell(t, s)...)
			}
			var first *listener
			for range *rounds {
				rnd.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
				l := newListener()
				l.hear(messages...)
				l.announce(true)
				added, rest := l.said()
				require.Equal(t, s.Added, added, "participants")
				onlyLive := func(w string) bool { return len(s.Live) > 0 && (w == "ended" || strings.HasPrefix(w, "reopened ")) }
				rest = slices.DeleteFunc(rest, onlyLive)
				want := slices.DeleteFunc(slices.Clone(s.Want), onlyLive)
				slices.Sort(rest)
				slices.Sort(want)
				require.Equal(t, want, rest)
				require.Equal(t, wantFurther(s, "analytics"), l.further())
				if first == nil {
					first = l
				}
				requireSameButLive(t, s, first, l)
			}
		})
	}
}
