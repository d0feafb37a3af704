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

// tenOClock is when the calls of these tests begin.
var tenOClock = time.Date(2025, 1, 10, 10, 0, 0, 0, time.UTC)

// segment is one of a record; to is empty while it runs.
func segment(kind, from, to, more string) string {
	if to != "" {
		to = fmt.Sprintf(`,"segmentEnd":"2025-01-10T%sZ"`, to)
	}
	return fmt.Sprintf(`{"segmentType":%q,"segmentStart":"2025-01-10T%sZ"%s%s}`, kind, from, to, more)
}

// record is one of a customer's leg that is open and an agent's with the segments.
func record(segments ...string) string {
	return `{"conversationId":"c","conversationStart":"2025-01-10T10:00:00Z","participants":[
		{"participantId":"p-c","purpose":"customer","sessions":[{"sessionId":"s-c","mediaType":"voice","segments":[` + segment("interact", "10:00:00", "", "") + `]}]},
		{"participantId":"p-a","purpose":"agent","userId":"u","sessions":[{"sessionId":"s-a","mediaType":"voice","segments":[` + strings.Join(segments, ",") + `]}]}]}`
}

// shownLive is a snapshot in which the agent's leg has the state.
func shownLive(state string) string {
	return fmt.Sprintf(`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p-a","purpose":"agent","userId":"u",
		"calls":[{"id":"s-a","state":%q,"connectedTime":"2025-01-10T10:00:10Z"}]}]}}`, state)
}

// fact is a detail event of the agent's leg, so long after ten o'clock.
func fact(event string, at time.Duration, more string) string {
	return fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","participantId":"p-a","sessionId":"s-a","userId":"u","mediaType":"VOICE"%s}}`,
		event, tenOClock.Add(at).UnixMilli(), more)
}

// said is a message and when it was read, after ten o'clock.
type said struct {
	message string
	read    time.Duration
}

// requireLeg joins the messages in every order, some twice, and requires that the
// agent's leg is as they say.
func requireLeg(t *testing.T, all []said, state conversation.SessionState, end string, status conversation.Status) {
	t.Helper()
	var parts []*conversation.Conversation
	for _, m := range all {
		d, err := genesys.Decode([]byte(m.message), tenOClock.Add(m.read))
		require.NoError(t, err)
		parts = append(parts, d.Conversations...)
	}
	var first []byte
	permute(len(parts), func(order []int) {
		var c *conversation.Conversation
		for _, i := range append(order, order...) {
			c = conversation.Merge(c, parts[i])
		}
		_, s := c.Session("s-a")
		require.Equal(t, state, s.State, "in the order %v", order)
		require.Equal(t, status, c.Status, "in the order %v", order)
		if end == "" {
			require.Zero(t, s.DisconnectedTime)
		} else {
			require.Equal(t, "2025-01-10T"+end+"Z", s.DisconnectedTime.Format(time.RFC3339))
		}
		text, err := conversation.Encode(c)
		require.NoError(t, err)
		if first == nil {
			first = text
		}
		require.Equal(t, string(first), string(text), "in the order %v", order)
	})
}

// permute calls do with every order of n things.
func permute(n int, do func(order []int)) {
	var place func(order []int)
	place = func(order []int) {
		if len(order) == n {
			do(append([]int(nil), order...))
			return
		}
		for i := range n {
			used := false
			for _, k := range order {
				used = used || k == i
			}
			if !used {
				place(append(order, i))
			}
		}
	}
	place(nil)
}

const (
	active = conversation.StatusActive
	onHold = conversation.StatusOnHold
	begun  = conversation.StatusNew // the customer alone
)

func TestAnEndOfAllSegmentsGivesWayToALaterSegment(t *testing.T) {
	talk := segment("interact", "10:00:10", "10:01:00", "")
	hold := segment("hold", "10:01:00", "10:02:00", "")
	between := said{record(talk), time.Minute + time.Second}
	held := said{record(talk, segment("hold", "10:01:00", "", "")), 90 * time.Second}
	again := said{record(talk, hold, segment("interact", "10:02:00", "", "")), 150 * time.Second}
	requireLeg(t, []said{between}, "terminated", "10:01:00", begun)
	requireLeg(t, []said{between, held}, "connected", "", onHold)
	requireLeg(t, []said{between, held, again}, "connected", "", active)
	for _, how := range []string{"", `,"disconnectType":"client"`} {
		over := said{record(talk, hold, segment("interact", "10:02:00", "10:03:00", how)), time.Hour}
		requireLeg(t, []said{between, held, again, over}, "terminated", "10:03:00", begun)
	}
	late := said{record(talk), time.Hour} // read from where the next segment is not yet
	requireLeg(t, []said{late, held}, "connected", "", onHold)
}

func TestAnAlertThatHasEndedIsNotOverWhenTheAnswerIsWritten(t *testing.T) {
	alert := segment("alert", "10:00:05", "10:00:10", "")
	requireLeg(t, []said{{record(alert), 11 * time.Second}}, "disconnected", "10:00:10", begun)
	requireLeg(t, []said{{record(alert), 11 * time.Second}, {record(alert, segment("interact", "10:00:10", "", "")), 20 * time.Second}}, "connected", "", active)
}

func TestAnEndOfAllSegmentsGivesWayToTheLiveAPIThatShowsTheLegLater(t *testing.T) {
	talk := record(segment("interact", "10:00:10", "10:01:00", ""))
	for name, c := range map[string]struct {
		record, live time.Duration
		over         bool
	}{
		"shown after the record was read":                                         {time.Hour, 2 * time.Hour, false},
		"shown before the record was read, long after the segment ended":          {time.Hour, 30 * time.Minute, true},
		"shown before the segment ended":                                          {90 * time.Second, 30 * time.Second, true},
		"shown after the segment ended, before a record that was read soon after": {90 * time.Second, 70 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := []said{{talk, c.record}, {shownLive("connected"), c.live}}
			if c.over {
				requireLeg(t, all, "terminated", "10:01:00", begun)
			} else {
				requireLeg(t, all, "connected", "", active)
			}
			requireLeg(t, append(all, said{shownLive("terminated"), 3 * time.Hour}), "terminated", "10:01:00", begun)
		})
	}
}

// What only an end brings says that the leg is over: nothing brings it back.
func TestAnEndThatIsSaidStands(t *testing.T) {
	for name, over := range map[string]string{
		"a disconnect type":    record(segment("interact", "10:00:10", "10:01:00", `,"disconnectType":"client"`)),
		"an error code":        record(segment("interact", "10:00:10", "10:01:00", `,"errorCode":"error.x"`)),
		"tHandle":              strings.Replace(record(segment("interact", "10:00:10", "10:01:00", "")), `"sessionId":"s-a",`, `"sessionId":"s-a","metrics":[{"name":"tHandle","value":1,"emitDate":"2025-01-10T10:01:00Z"}],`, 1),
		"the conversation end": strings.Replace(record(segment("interact", "10:00:10", "10:01:00", "")), `"conversationId":"c",`, `"conversationId":"c","conversationEnd":"2025-01-10T10:01:00Z",`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			status := begun
			if name == "the conversation end" {
				status = conversation.StatusEnded
			}
			requireLeg(t, []said{{over, 61 * time.Second}, {shownLive("connected"), 62 * time.Second}}, "terminated", "10:01:00", status)
		})
	}
}

func TestAfterCallWorkThatIsToldBesideARecordSaysTheEnd(t *testing.T) {
	talk := said{record(segment("interact", "10:00:10", "10:01:00", "")), 90 * time.Second}
	live := said{shownLive("connected"), 70 * time.Second}
	requireLeg(t, []said{talk, live}, "connected", "", active)
	requireLeg(t, []said{talk, {fact("acw", 80*time.Second, ""), 80 * time.Second}, live}, "terminated", "10:01:00", begun)
	begins := strings.Replace(shownLive("connected"), `"state"`, `"afterCallWork":{"state":"pending","startTime":"2025-01-10T10:01:00Z"},"state"`, 1)
	requireLeg(t, []said{talk, {begins, 70 * time.Second}}, "terminated", "10:01:00", conversation.StatusAfterCallWork)
}

// protocol 9.6: there the state says whether the leg is over.
func TestAnErrorOfALegThatTheLiveAPIShowsIsNoEnd(t *testing.T) {
	live := strings.Replace(shownLive("connected"), `"state"`, `"errorInfo":{"code":"error.x"},"state"`, 1)
	requireLeg(t, []said{{record(segment("interact", "10:00:10", "10:01:00", "")), 90 * time.Second}, {live, 70 * time.Second}}, "connected", "", active)
}

func TestWithoutADisconnectTypeTheLegAndTheConversationAreOver(t *testing.T) {
	text := strings.Replace(record(segment("interact", "10:00:10", "10:01:00", "")), `"segmentStart":"2025-01-10T10:00:00Z"`, `"segmentStart":"2025-01-10T10:00:00Z","segmentEnd":"2025-01-10T10:01:00Z"`, 1)
	requireLeg(t, []said{{text, time.Hour}}, "terminated", "10:01:00", conversation.StatusEnded)
	open := record(segment("interact", "10:00:10", "", ""))
	requireLeg(t, []said{{open, 30 * time.Second}, {shownLive("connected"), 40 * time.Second}, {text, time.Hour}}, "terminated", "10:01:00", conversation.StatusEnded)
}

// What failed at once leaves a leg that has no segments.
func TestALegWithoutSegmentsKeepsNoConversationOpenOfWhichAllSegmentsHaveEnded(t *testing.T) {
	text := func(end, purpose, bare string) string {
		return `{"conversationId":"c","conversationStart":"2025-01-10T10:00:00Z","participants":[
			{"participantId":"p-c","purpose":"customer","sessions":[{"sessionId":"s-c","mediaType":"voice","segments":[` + segment("interact", "10:00:00", end, "") + `]}]},
			{"participantId":"p-a","purpose":"` + purpose + `","userId":"u","sessions":[{"sessionId":"s-a","mediaType":"voice"` + bare + `}]}]}`
	}
	metric := `,"metrics":[{"name":"nError","value":1,"emitDate":"2025-01-10T10:00:30Z"}]`
	for _, purpose := range []string{"agent", "acd", "workflow", "customer", "external"} {
		requireLeg(t, []said{{text("10:01:00", purpose, ""), time.Hour}}, "disconnected", "", conversation.StatusEnded)
		requireLeg(t, []said{{text("10:01:00", purpose, metric), time.Hour}}, "disconnected", "10:00:30", conversation.StatusEnded)
		// Its segments are not written yet.
		requireLeg(t, []said{{text("10:01:00", purpose, metric), 61 * time.Second},
			{text("10:01:00", purpose, metric+`,"segments":[`+segment("interact", "10:01:00", "", "")+`]`), 2 * time.Minute}}, "connected", "",
			map[string]conversation.Status{"agent": active, "acd": conversation.StatusQueued, "workflow": conversation.StatusInFlow, "customer": begun, "external": begun}[purpose])
	}
	d, err := genesys.Decode([]byte(text("", "agent", metric)), tenOClock)
	require.NoError(t, err)
	require.NotEqual(t, conversation.StatusEnded, conversation.Merge(nil, d.Conversations[0]).Status, "a segment is open")
}

func TestAFormerEndDoesNotEndALegThatBeganAfterIt(t *testing.T) {
	former := func(segments ...string) string {
		return strings.Replace(record(segments...), `"conversationId":"c",`, `"conversationId":"c","conversationEnd":"2025-01-10T10:00:03Z",`, 1)
	}
	alert := segment("alert", "10:00:05", "10:00:10", "")
	requireLeg(t, []said{{former(alert), 11 * time.Second},
		{former(alert, segment("interact", "10:00:10", "", "")), 20 * time.Second}}, "connected", "", active)
}

// A record lags behind: what it shows of what goes back and forth can be older than
// what the live API has told before it was read, by minutes.
func TestARecordThatLagsBehindTakesNoCorrectionBack(t *testing.T) {
	wrapUp := func(code string) string {
		return record(segment("interact", "10:00:10", "10:01:00", `,"disconnectType":"client"`), segment("wrapup", "10:01:00", "10:01:30", fmt.Sprintf(`,"wrapUpCode":%q`, code)))
	}
	corrected := strings.Replace(shownLive("terminated"), `"state"`, `"wrapup":{"code":"w-2"},"state"`, 1)
	for name, c := range map[string]struct {
		record said
		code   string
	}{
		"read soon after the correction":         {said{wrapUp("w-1"), 180 * time.Second}, "w-2"},
		"read minutes after the correction":      {said{wrapUp("w-1"), 460 * time.Second}, "w-2"},
		"read when it has caught up":             {said{wrapUp("w-1"), 480 * time.Second}, "w-1"},
		"of a correction that was made weeks on": {said{wrapUp("w-3"), 21 * 24 * time.Hour}, "w-3"},
		"of a correction that it mentions":       {said{strings.Replace(wrapUp("w-3"), `"segmentEnd":"2025-01-10T10:01:30Z"`, `"segmentEnd":"2025-01-10T10:03:00Z"`, 1), 200 * time.Second}, "w-3"},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []*conversation.Conversation
			for _, m := range []said{c.record, {wrapUp("w-1"), 100 * time.Second}, {corrected, 170 * time.Second}} {
				d, err := genesys.Decode([]byte(m.message), tenOClock.Add(m.read))
				require.NoError(t, err)
				parts = append(parts, d.Conversations...)
			}
			permute(len(parts), func(order []int) {
				var all *conversation.Conversation
				for _, i := range order {
					all = conversation.Merge(all, parts[i])
				}
				_, s := all.Session("s-a")
				require.Equal(t, c.code, s.WrapUpCode, "in the order %v", order)
			})
		})
	}
}

// Nobody knows when the records of a file were read.
func TestOfTheRecordsInAFileTheLaterIsTheNewerAlthoughBothMentionTheSameTimes(t *testing.T) {
	for _, place := range []int{1, 100, 10_000} {
		var all *conversation.Conversation
		for i, code := range []string{"w-2", "w-1"} {
			d, err := genesys.DecodeNth([]byte(record(segment("wrapup", "10:01:00", "10:01:30", fmt.Sprintf(`,"wrapUpCode":%q`, code)))), place+i)
			require.NoError(t, err)
			all = conversation.Merge(all, d.Conversations[0])
		}
		_, s := all.Session("s-a")
		require.Equal(t, "w-1", s.WrapUpCode, place)
	}
}
