package genesys

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

// TestWhoWatchesIsToldByAnySign: the ids of today and those that look alike,
// in every shape.
func TestWhoWatchesIsToldByAnySign(t *testing.T) {
	for sign, watches := range map[string]bool{
		`"monitoredParticipantId":"x"`: true, `"coachedParticipantId":"x"`: true, `"bargedParticipantId":"x"`: true,
		`"screenMonitoredParticipantId":"x"`: true, `"screenMonitoredUserId":"x"`: true, `"videoMonitoredUserId":"x"`: true,
		`"whisperedParticipantId":"x"`: true, `"screenBargedUserId":"x"`: true,
		`"videoMonitoredUserId":""`: false, `"videoMonitoredUserId":null`: false, `"monitored":"x"`: false, `"novelParticipantId":"x"`: false,
		`"monitoredParticipantIds":["x"]`: true, `"monitoredParticipantIds":["","x"]`: true, `"screenMonitoredUser":{"id":"x"}`: true,
		`"monitoredParticipant":{"name":"n","id":"x"}`: true, `"coachedUsers":[{},{"id":"x"}]`: true, `"videoMonitoredUserId":{"id":"x"}`: true,
		`"monitoredParticipantIds":[]`: false, `"monitoredParticipantIds":[null,""]`: false, `"screenMonitoredUser":{}`: false,
		`"screenMonitoredUser":{"name":"n"}`: false, `"coachedUsers":[{}]`: false, `"monitoredParticipant":true`: false,
		`"monitoringId":{"id":"x"}`: false, `"monitoringUserId":"x"`: false, `"screenMonitorUserIds":["x"]`: false, // who watches
		`"surchargedUserId":"x"`: false, `"approachedUserId":"x"`: false,
	} {
		for shape, message := range map[string]string{
			"topic, participant": `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"user","userId":"u",%s,
				"calls":[{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:05Z"}]}]}}`,
			"topic, leg": `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"user","userId":"u",
				"calls":[{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:05Z",%s}]}]}}`,
			"media topic": `{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[{"id":"p","purpose":"user","userId":"u",%s,
				"state":"connected","connectedTime":"2025-01-10T09:00:05Z"}]}}`,
			"record": `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"user","userId":"u",
				"sessions":[{"sessionId":"s","mediaType":"voice",%s,"segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z"}]}]}]}`,
			"detail event": `{"topicName":"v2.detail.events.conversation.c.user.end","eventBody":{"eventTime":1736499700000,"conversationId":"c","participantId":"p",
				"sessionId":"s","userId":"u","interactingDurationMs":60000,%s}}`,
			"detail event that is read twice": `{"topicName":"v2.detail.events.conversation.c.user.end","eventBody":{"novel":1,"ani":{},%s,"eventTime":1736499700000,
				"conversationId":"c","participantId":"p","sessionId":"s","userId":"u","interactingDurationMs":60000}}`,
			"record that is read twice": `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"user","userId":"u",
				"sessions":[{"novel":1,"ani":{},%s,"sessionId":"s","mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z"}]}]}]}`,
		} {
			requireWatching(t, watches, shape+" "+sign, fmt.Sprintf(message, sign))
		}
	}
	for medium, watches := range map[string]bool{"screenmonitoring": true, "SCREENMONITORING": true, "videomonitoring": true, "monitoring": true,
		"voice": false, "screenshare": false} {
		requireWatching(t, watches, "record of medium "+medium, fmt.Sprintf(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z",
			"participants":[{"participantId":"p","purpose":"user","userId":"u","sessions":[{"sessionId":"s","mediaType":%q,
			"segments":[{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z"}]}]}]}`, medium))
		requireWatching(t, watches, "detail event of medium "+medium, fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.user.end","eventBody":{
			"eventTime":1736499700000,"conversationId":"c","participantId":"p","sessionId":"s","userId":"u","mediaType":%q,"interactingDurationMs":60000}}`, medium))
	}
	for _, kind := range []string{"monitoring", "coaching", "barging", "screenmonitoring", "videomonitoring"} {
		requireWatching(t, true, "segments of "+kind, fmt.Sprintf(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z",
			"participants":[{"participantId":"p","purpose":"user","userId":"u","sessions":[{"sessionId":"s","mediaType":"voice",
			"segments":[{"segmentType":%q,"segmentStart":"2025-01-10T09:00:05Z"}]}]}]}`, kind))
	}
	requireWatching(t, true, "screenMonitorings", `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"user","userId":"u",
		"screenMonitorings":[{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:05Z"}]}]}}`)
}

// TestMetricsTellWhoWatches: those of today and what looks alike, in a record
// and from the topic. An agent that has talked, too, has not only watched.
func TestMetricsTellWhoWatches(t *testing.T) {
	const record = `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"user","userId":"u",
		"sessions":[{"sessionId":"s","mediaType":"voice","metrics":[%s],"segments":[%s]}]}]}`
	const interact = `{"segmentType":"interact","segmentStart":"2025-01-10T09:00:05Z"}`
	metric := func(name string) string {
		return fmt.Sprintf(`{"name":%q,"value":60000,"emitDate":"2025-01-10T09:01:05Z"}`, name)
	}
	emitted := func(name string) string {
		return fmt.Sprintf(`{"topicName":"v2.analytics.conversation.c.metrics","eventBody":{"metric":%q,"metricDate":"2025-01-10T09:01:05Z","conversationId":"c",
			"sessionId":"s","mediaType":"voice","value":60000}}`, name)
	}
	const end = `{"topicName":"v2.detail.events.conversation.c.user.end","eventBody":{"eventTime":1736499665000,"conversationId":"c","participantId":"p",
		"sessionId":"s","userId":"u","mediaType":"VOICE","interactingDurationMs":60000,"disconnectType":"CLIENT"}}`
	for name, watches := range map[string]bool{
		"tMonitoring": true, "tMonitoringComplete": true, "tCoaching": true, "tCoachingComplete": true, "tBarging": true, // of the SDK v150
		"tScreenMonitoring": true, // of 257
		"tBargingComplete":  true, "tVideoMonitoring": true, "tWhispering": true, "nMonitoring": true,
		"tTalk": false, "tHandle": false, "tMonitored": false, "tCharging": false, "tApproaching": false, "tCoachedComplete": false, "nConnected": false,
	} {
		requireWatching(t, watches, "record, "+name, fmt.Sprintf(record, metric(name), interact))
		requireWatching(t, watches, "metric topic, then detail event, "+name, emitted(name), end)
		requireWatching(t, watches, "detail event, then metric topic, "+name, end, emitted(name))
		for _, talk := range []string{"tTalk", "tTalkComplete", "tHeld", "tHeldComplete"} {
			requireWatching(t, false, "record, "+name+" and "+talk, fmt.Sprintf(record, metric(name)+","+metric(talk), interact))
			requireWatching(t, false, "topic, "+name+" and "+talk, emitted(talk), end, emitted(name))
		}
	}
	requireWatching(t, false, "who watched, then talks", fmt.Sprintf(record, metric("tMonitoring"),
		`{"segmentType":"monitoring","segmentStart":"2025-01-10T09:00:05Z","segmentEnd":"2025-01-10T09:01:05Z"},`+
			`{"segmentType":"interact","segmentStart":"2025-01-10T09:01:05Z"}`))
}

func requireWatching(t *testing.T, want bool, how string, messages ...string) {
	t.Helper()
	var c *conversation.Conversation
	for _, message := range messages {
		m, err := Decode([]byte(message), time.Time{})
		require.NoError(t, err, "%s: %s", how, message)
		c = conversation.Merge(c, m.Conversations[0])
	}
	legs := c.Legs()
	require.Len(t, legs, 1, how)
	require.Equal(t, want, legs[0].Supervises, how)
}
