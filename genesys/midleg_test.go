package genesys_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// answer is a REST answer of the agent's leg with the segments, which it spells in
// its own way; more is what else it says of the leg.
func answer(more string, segments ...string) string {
	spelled := strings.NewReplacer("segmentType", "type", "segmentStart", "startTime", "segmentEnd", "endTime").Replace(strings.Join(segments, ","))
	return fmt.Sprintf(`{"id":"c","startTime":"2025-01-10T10:00:00Z","participants":[
		{"id":"p-c","purpose":"customer","calls":[{"id":"s-c","state":"connected","connectedTime":"2025-01-10T10:00:00Z"}]},
		{"id":"p-a","purpose":"agent","userId":"u","calls":[{"id":"s-a","segments":[%s]%s}]}]}`, spelled, more)
}

// endOfCall is the last snapshot of a call, of which the agent's leg has been
// connected at 10:00:10, hung up at 10:05:00 and done after-call work of 20 s.
func endOfCall(more string) string {
	return `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[
		{"id":"p-c","purpose":"customer","endTime":"2025-01-10T10:05:00Z","calls":[{"id":"s-c","state":"terminated","connectedTime":"2025-01-10T10:00:00Z","disconnectedTime":"2025-01-10T10:05:00Z"}]},
		{"id":"p-a","purpose":"agent","userId":"u","endTime":"2025-01-10T10:05:20Z","calls":[{"id":"s-a","state":"terminated","connectedTime":"2025-01-10T10:00:10Z",
			"disconnectedTime":"2025-01-10T10:05:00Z","disconnectType":"client","afterCallWork":{"state":"complete","startTime":"2025-01-10T10:05:00Z","endTime":"2025-01-10T10:05:20Z"}` + more + `}]}]}}`
}

// TestWhatIsReadInTheMiddleOfALegDoesNotHideTheRestOfIt: an answer or a record has
// the segments up to when it was read, and the topic tells the end.
func TestWhatIsReadInTheMiddleOfALegDoesNotHideTheRestOfIt(t *testing.T) {
	talk := segment("interact", "10:00:10", "10:01:00", "")
	const second = time.Second
	for name, c := range map[string]struct {
		segments            []string
		live                string // what the answer says of the leg beside them
		then                []said
		end                 string // what the end says beside
		talk, hold, dialing time.Duration
	}{
		"it alerts":         {segments: []string{segment("alert", "10:00:05", "", "")}, talk: 290 * second},
		"it dials":          {segments: []string{segment("dialing", "10:00:05", "", "")}, talk: 290 * second, dialing: 5 * second},
		"it contacts":       {segments: []string{segment("contacting", "10:00:05", "", "")}, talk: 290 * second, dialing: 5 * second},
		"it is scheduled":   {segments: []string{segment("scheduled", "10:00:05", "", "")}, talk: 290 * second},
		"it talks":          {segments: []string{segment("interact", "10:00:10", "", "")}, talk: 290 * second},
		"between two talks": {segments: []string{talk}, talk: 290 * second},
		"after a hold":      {segments: []string{talk, segment("hold", "10:01:00", "10:01:30", "")}, talk: 260 * second, hold: 30 * second},
		"it holds to the end": {segments: []string{talk, segment("hold", "10:01:00", "", "")}, live: `,"held":true`, end: `,"held":true`,
			talk: 50 * second, hold: 240 * second},
		"it holds, then talks": {segments: []string{talk, segment("hold", "10:01:00", "", "")}, live: `,"held":true`, then: []said{{shownLive("connected"), 2 * time.Minute}},
			talk: 290 * second},
		"it is parked to the end": {segments: []string{talk, segment("parked", "10:01:00", "", "")}, end: `,"parkTime":"2025-01-10T10:01:00Z"`, talk: 50 * second},
		"it is parked, then resumed": {segments: []string{talk, segment("parked", "10:01:00", "", "")}, end: `,"parkTime":"2025-01-10T10:01:00Z","resumeTime":"2025-01-10T10:02:00Z"`,
			talk: 230 * second},
		"it is parked for the second time": {segments: []string{talk, segment("parked", "10:01:00", "", "")}, end: `,"parkTime":"2025-01-10T10:01:00Z","resumeTime":"2025-01-10T10:00:50Z"`,
			talk: 50 * second},
	} {
		for how, message := range map[string]string{"REST answer": answer(c.live, c.segments...), "record": record(c.segments...)} {
			t.Run(how+", "+name, func(t *testing.T) {
				want := []conversation.AgentTime{{UserID: "u", Connected: c.talk, Hold: c.hold, WrapUp: 20 * second, Handle: c.talk + c.hold + c.dialing + 20*second, Sessions: 1}}
				requireAgentTimes(t, want, append([]said{{message, 70 * second}, {endOfCall(c.end), 325 * second}}, c.then...))
			})
		}
	}
}

// requireAgentTimes joins the messages in every order, and requires the times.
func requireAgentTimes(t *testing.T, want []conversation.AgentTime, all []said) {
	t.Helper()
	var parts []*conversation.Conversation
	for _, m := range all {
		d, err := genesys.Decode([]byte(m.message), tenOClock.Add(m.read))
		require.NoError(t, err)
		parts = append(parts, d.Conversations...)
	}
	permute(len(parts), func(order []int) {
		var c *conversation.Conversation
		for _, i := range order {
			c = conversation.Merge(c, parts[i])
		}
		require.Equal(t, want, c.AgentTimes(), "in the order %v", order)
	})
}

func TestAHoldThatTheEndTellsCountsAlthoughARecordWasReadBefore(t *testing.T) {
	requireAgentTimes(t, []conversation.AgentTime{{UserID: "u", Connected: 260 * time.Second, Hold: 30 * time.Second, Handle: 290 * time.Second, Sessions: 1}}, []said{
		{fact("user.start", 5*time.Second, ""), 5 * time.Second},
		{record(segment("interact", "10:00:10", "", "")), 70 * time.Second},
		{fact("user.end", 5*time.Minute, `,"disconnectType":"CLIENT","alertingDurationMs":5000,"interactingDurationMs":290000,"heldDurationMs":30000`), 300 * time.Second}})
}

func TestAHoldToTheEndCountsWhicheverLegHasTheFlag(t *testing.T) {
	end := strings.Replace(endOfCall(""), `"id":"s-c",`, `"id":"s-c","held":true,`, 1)
	requireAgentTimes(t, []conversation.AgentTime{{UserID: "u", Connected: 50 * time.Second, Hold: 240 * time.Second, WrapUp: 20 * time.Second, Handle: 310 * time.Second, Sessions: 1}}, []said{
		{record(segment("interact", "10:00:10", "10:01:00", ""), segment("hold", "10:01:00", "", "")), 70 * time.Second}, {end, 325 * time.Second}})
}

func TestAHoldOfALaterAgentSaysNothingOfAnEarlierOne(t *testing.T) {
	live := func(held bool, others string) string {
		return fmt.Sprintf(`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[
			{"id":"p-c","purpose":"customer","calls":[{"id":"s-c","state":"connected","connectedTime":"2025-01-10T10:00:00Z","held":%t}]},%s]}}`, held, others)
	}
	const gone = `{"id":"p-a","purpose":"agent","userId":"u","endTime":"2025-01-10T10:05:20Z","calls":[{"id":"s-a","state":"terminated","connectedTime":"2025-01-10T10:00:10Z",
		"disconnectedTime":"2025-01-10T10:05:00Z","disconnectType":"transfer","afterCallWork":{"state":"complete","startTime":"2025-01-10T10:05:00Z","endTime":"2025-01-10T10:05:20Z"}}]}`
	const next = `{"id":"p-b","purpose":"agent","userId":"u2","calls":[{"id":"s-b","state":"connected","connectedTime":"2025-01-10T10:05:01Z"}]}`
	requireAgentTimes(t, []conversation.AgentTime{
		{UserID: "u", Connected: 290 * time.Second, WrapUp: 20 * time.Second, Handle: 310 * time.Second, Sessions: 1},
		{UserID: "u2", Sessions: 1}}, []said{
		{record(segment("interact", "10:00:10", "10:01:00", ""), segment("hold", "10:01:00", "", "")), 70 * time.Second},
		{live(false, gone), 325 * time.Second},
		{live(true, gone+","+next), 400 * time.Second}})
}
