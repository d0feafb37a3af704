package genesystest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// TestAnOutcomeIsTheSameFromEveryChannel: events and records tell the same
// outcomes and milestones, each with its own value and times, and joined they
// are there once.
func TestAnOutcomeIsTheSameFromEveryChannel(t *testing.T) {
	outcomes := 0
	for _, scenario := range genesystest.Scenarios() {
		s := scenario.Story()
		record := s.Records()[len(s.Records())-1:]
		for _, l := range s.Legs {
			if len(l.Outcomes) == 0 {
				continue
			}
			outcomes += len(l.Outcomes)
			leg := func(messages ...[]byte) *conversation.Session {
				_, leg := tell(t, messages).c.Session(l.Session)
				return leg
			}
			want := leg(record...)
			require.Len(t, want.FlowOutcomes.All(), len(l.Outcomes), scenario.Name)
			for name, got := range map[string]*conversation.Session{
				"detail events": leg(s.Details()...), "EventBridge": leg(s.Envelopes()...), "both": leg(append(s.Details(), record...)...),
			} {
				require.Equal(t, want.FlowOutcomes, got.FlowOutcomes, "%s: %s", scenario.Name, name)
				require.Equal(t, want.FlowMilestones, got.FlowMilestones, "%s: %s", scenario.Name, name)
			}
		}
	}
	require.Equal(t, 4, outcomes)
}

// TestEventBridgeWithThreeKindsOfEventsTellsTheEnd: the ends of customers and
// of users and after-call work are enough to know that a call is over.
func TestEventBridgeWithThreeKindsOfEventsTellsTheEnd(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		if scenario.Name != "answered call, customer hangs up" && scenario.Name != "agent hangs up at the phone" {
			continue
		}
		s := scenario.Story()
		var messages [][]byte
		for i, e := range s.DetailEvents() {
			switch e.Event {
			case "customer.end", "user.end", "acw":
				messages = append(messages, s.Envelopes()[i])
			}
		}
		require.Len(t, messages, 3)
		c := tell(t, messages)
		require.Equal(t, conversation.StatusEnded, c.c.Status, scenario.Name)
		_, full := tell(t, s.Details()).c.Session("s-a")
		_, agent := c.c.Session("s-a")
		require.Equal(t, full.ConnectedTime, agent.ConnectedTime)
		require.Equal(t, full.DisconnectType, agent.DisconnectType)
	}
}
