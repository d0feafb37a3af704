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
		`"monitoringId":{"id":"x"}`: false,
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

func requireWatching(t *testing.T, want bool, how, message string) {
	t.Helper()
	m, err := Decode([]byte(message), time.Time{})
	require.NoError(t, err, "%s: %s", how, message)
	legs := conversation.Merge(nil, m.Conversations[0]).Legs()
	require.Len(t, legs, 1, how)
	require.Equal(t, want, legs[0].Supervises, how)
}
