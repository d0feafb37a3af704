package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// talk is when an agent was connected, in seconds; to is 0 while that goes on.
type talk struct {
	user     string
	from, to float64
	session  func(*conversation.Session)
}

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func second(s float64) time.Time { return morning.Add(time.Duration(s * float64(time.Second))) }

func withAgents(talks ...talk) *conversation.Conversation {
	c := &conversation.Conversation{ID: "c", Start: morning}
	for _, a := range talks {
		s := &conversation.Session{ID: "s-" + a.user, MediaType: conversation.MediaVoice, State: conversation.StateConnected, Start: second(a.from), ConnectedTime: second(a.from)}
		if a.to > 0 {
			s.State, s.DisconnectedTime, s.DisconnectType = conversation.StateDisconnected, second(a.to), conversation.DisconnectPeer
		}
		if a.session != nil {
			a.session(s)
		}
		c.Participants = append(c.Participants, &conversation.Participant{ID: "p-" + a.user, Purpose: conversation.PurposeAgent, UserID: a.user, Sessions: []*conversation.Session{s}})
	}
	return conversation.Merge(nil, conversation.State(c, conversation.Statement{By: conversation.SourceREST, Seen: second(1000)}))
}

func TestAgentAfterSaysWhoHasTheConversation(t *testing.T) {
	connected := func(user string, at float64, c *conversation.Conversation) events.Event {
		return &events.AgentConnected{Header: events.Header{Time: second(at), Conversation: c}, UserID: user}
	}
	left := func(user string, at float64, c *conversation.Conversation) events.Event {
		return &events.AgentLeft{Header: events.Header{Time: second(at), Conversation: c}, UserID: user}
	}
	supervises := func(s *conversation.Session) { s.MonitoredParticipantID = "p-a" }
	for name, is := range map[string]struct {
		event events.Event
		want  string
	}{
		"who connects":                            {connected("a", 10, withAgents(talk{user: "a", from: 10})), "a"},
		"who is consulted, too":                   {connected("b", 40, withAgents(talk{user: "a", from: 10}, talk{user: "b", from: 40})), "b"},
		"who stays after a consult":               {left("b", 60, withAgents(talk{user: "a", from: 10}, talk{user: "b", from: 40, to: 60})), "a"},
		"who was consulted and stays":             {left("a", 60, withAgents(talk{user: "a", from: 10, to: 60}, talk{user: "b", from: 40})), "b"},
		"of two who stay, the one who came first": {left("c", 60, withAgents(talk{user: "a", from: 10}, talk{user: "b", from: 40}, talk{user: "c", from: 50, to: 60})), "a"},
		"who had it when all leave in one moment": {left("a", 60, withAgents(talk{user: "a", from: 10, to: 60}, talk{user: "b", from: 40, to: 60.01})), "a"},
		"as the other one of them says":           {left("b", 60.01, withAgents(talk{user: "a", from: 10, to: 60}, talk{user: "b", from: 40, to: 60.01})), "a"},
		"nobody new when nobody stays":            {left("a", 60, withAgents(talk{user: "a", from: 10, to: 60})), ""},
		"not who only listens":                    {left("a", 60, withAgents(talk{user: "a", from: 10, to: 60}, talk{user: "s", from: 20, session: supervises})), ""},
		"who had it then, whoever came since":     {left("b", 50, withAgents(talk{user: "a", from: 10, to: 60}, talk{user: "b", from: 40, to: 50}, talk{user: "c", from: 70})), "a"},
		"nobody, of an agent who is no user":      {connected("", 10, withAgents(talk{user: "", from: 10})), ""},
		"nobody, of other events":                 {&events.AgentTransferred{Header: events.Header{Time: second(10), Conversation: withAgents(talk{user: "a", from: 10})}}, ""},
	} {
		require.Equal(t, is.want, events.AgentAfter(is.event), name)
	}
}
