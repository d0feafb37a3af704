package genesys_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// dialled is a snapshot of an agent who dials again: of the calls, in which each
// leg has its id.
func dialled(calls string) string {
	return `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p-a","purpose":"agent","userId":"u","calls":[` + calls + `]}]}}`
}

// dialledMedia is what the topic of calls says of the same agent, who is one leg there.
func dialledMedia(leg string) string {
	return `{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[{"id":"p-a","purpose":"agent","user":{"id":"u"},` + leg + `}]}}`
}

// TestAMediaTopicMovesTheLegThatItShows: such a topic does not name the leg of
// which it tells, and a participant can have several of one medium.
func TestAMediaTopicMovesTheLegThatItShows(t *testing.T) {
	call := func(id, state, connected, disconnected string) string {
		text := fmt.Sprintf(`{"id":%q,"state":%q`, id, state)
		if connected != "" {
			text += fmt.Sprintf(`,"connectedTime":"2025-01-10T%sZ"`, connected)
		}
		if disconnected != "" {
			text += fmt.Sprintf(`,"disconnectedTime":"2025-01-10T%sZ","disconnectType":"client"`, disconnected)
		}
		return text + "}"
	}
	unanswered, answered := call("s-1", "disconnected", "", "10:00:20"), call("s-1", "terminated", "10:00:10", "10:00:20")
	second := call("s-2", "connected", "10:00:30", "")
	ended := dialledMedia(`"state":"terminated","connectedTime":"2025-01-10T10:00:30Z","endTime":"2025-01-10T10:01:00Z","disconnectType":"client"`)
	for name, c := range map[string]struct {
		calls  string
		topics []string
		first  conversation.SessionState
		second conversation.SessionState
		held   bool
	}{
		"the end of the second, after one that nobody answered": {unanswered + "," + second, []string{ended}, "disconnected", "terminated", false},
		"the end of the second, after one that was answered":    {answered + "," + second, []string{ended}, "terminated", "terminated", false},
		"the end of the first only":                             {unanswered + "," + second, []string{dialledMedia(`"state":"disconnected","endTime":"2025-01-10T10:00:20Z","disconnectType":"client"`)}, "disconnected", "connected", false},
		"the end of the first that was answered":                {answered + "," + second, []string{dialledMedia(`"state":"terminated","connectedTime":"2025-01-10T10:00:10Z","endTime":"2025-01-10T10:00:20Z","disconnectType":"client"`)}, "terminated", "connected", false},
		"the second is held":                                    {answered + "," + second, []string{dialledMedia(`"state":"connected","connectedTime":"2025-01-10T10:00:30Z","held":true`)}, "terminated", "connected", true},
		"the second is answered":                                {unanswered + "," + call("s-2", "dialing", "", ""), []string{dialledMedia(`"state":"connected","connectedTime":"2025-01-10T10:00:30Z"`)}, "disconnected", "connected", false},
		"two that live":                                         {call("s-1", "dialing", "", "") + "," + call("s-2", "dialing", "", ""), []string{dialledMedia(`"state":"connected","connectedTime":"2025-01-10T10:00:30Z"`)}, "dialing", "dialing", false},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []*conversation.Conversation
			for i, m := range append([]string{dialled(c.calls)}, c.topics...) {
				d, err := genesys.Decode([]byte(m), tenOClock.Add(time.Duration(i)*time.Second))
				require.NoError(t, err)
				parts = append(parts, d.Conversations...)
			}
			permute(len(parts), func(order []int) {
				var joined *conversation.Conversation
				for _, i := range append(order, order...) {
					joined = conversation.Merge(joined, parts[i])
				}
				_, first := joined.Session("s-1")
				_, second := joined.Session("s-2")
				require.Equal(t, []any{c.first, c.second, c.held}, []any{first.State, second.State, second.Held}, "in the order %v", order)
				require.Len(t, joined.Participants[0].Sessions, 2)
			})
		})
	}
}
