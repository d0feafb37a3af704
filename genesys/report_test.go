package genesys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// TestWhatReportWritersAskForIsKept: skills, rings, the assistant, call quality,
// what a flow did, and whether the matter was settled.
func TestWhatReportWritersAskForIsKept(t *testing.T) {
	c := one(t, `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","mediaStatsMinConversationMos":4.882,"mediaStatsMinConversationRFactor":0,
		"resolutions":[{},{"eventTime":"2025-01-12T09:00:00Z","queueId":"q","userId":"u","nNextContactAvoided":1}],
		"participants":[{"participantId":"p","purpose":"agent","sessions":[{"sessionId":"s","mediaType":"voice","activeSkillIds":["s-1","s-2"],"removedSkillIds":["s-3"],
			"routingRing":2,"agentBullseyeRing":3,"agentAssistantId":"assist",
			"mediaEndpointStats":[null,{"eventTime":"2025-01-10T09:01:00Z","codecs":["audio/opus"],"minMos":4.9,"minRFactor":92.5,"maxLatencyMs":30,"receivedPackets":4000000000,
				"discardedPackets":1,"duplicatePackets":2,"invalidPackets":3,"overrunPackets":4,"underrunPackets":5}],
			"flow":{"startingLanguage":"en-us","endingLanguage":"nl-nl","milestones":[{"milestoneId":"m","milestoneTime":"2025-01-10T09:00:01Z"},{"flowMilestoneId":"n"}],
				"outcomes":[{"flowOutcome":"o:SUCCESS"},{"flowOutcomeId":"o","flowOutcomeValue":"FAILURE","flowOutcomeStartTimestamp":"2025-01-10T09:00:01Z"}]}}]}]}`)
	require.Equal(t, 4.882, *c.MinMOS)
	require.Zero(t, *c.MinRFactor)
	require.Equal(t, []conversation.Resolution{{QueueID: "q", UserID: "u", EventTime: time.Date(2025, 1, 12, 9, 0, 0, 0, time.UTC), NextContactAvoided: 1}}, c.Resolutions.All())
	_, s := c.Session("s")
	require.Equal(t, []string{"s-1", "s-2"}, s.ActiveSkillIDs)
	require.Equal(t, []string{"s-3"}, s.RemovedSkillIDs)
	require.EqualValues(t, 2, s.RoutingRing)
	require.EqualValues(t, 3, s.AgentBullseyeRing)
	require.Equal(t, "assist", s.AgentAssistantID)
	require.Equal(t, "en-us", s.FlowStartingLanguage)
	require.Equal(t, "nl-nl", s.FlowEndingLanguage)
	mos, r := 4.9, 92.5
	require.Equal(t, []conversation.MediaEndpointStat{{EventTime: time.Date(2025, 1, 10, 9, 1, 0, 0, time.UTC), Codecs: []string{"audio/opus"}, MinMOS: &mos, MinRFactor: &r,
		MaxLatencyMs: 30, ReceivedPackets: 4_000_000_000, DiscardedPackets: 1, DuplicatePackets: 2, InvalidPackets: 3, OverrunPackets: 4, UnderrunPackets: 5}}, s.MediaEndpointStats.All())
	at := time.Date(2025, 1, 10, 9, 0, 1, 0, time.UTC)
	require.Equal(t, []conversation.FlowMilestone{{ID: "n"}, {ID: "m", Time: at}}, s.FlowMilestones.All())
	require.Equal(t, []conversation.FlowOutcome{{ID: "o", Value: "SUCCESS"}, {ID: "o", Value: "FAILURE", Start: at}}, s.FlowOutcomes.All())
}

// TestReportsKnowTheAssistantFromEverySource: the live API and the metrics tell
// it, too, and metrics the skills and rings.
func TestReportsKnowTheAssistantFromEverySource(t *testing.T) {
	const leg = `{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:00Z","agentAssistantId":"assist"}`
	for _, list := range []string{"calls", "messages"} {
		for _, message := range []string{
			`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","` + list + `":[` + leg + `]}]}}`,
			`{"topicName":"v2.routing.queues.q.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","` + list + `":[` + leg + `]}]}}`,
			`{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"agent","` + list + `":[` + leg + `]}]}`,
		} {
			_, s := one(t, message).Session("s")
			require.Equal(t, "assist", s.AgentAssistantID, message)
		}
	}
	_, s := one(t, `{"topicName":"v2.analytics.conversation.c.metrics","eventBody":{"metric":"tTalk","metricDate":1736499600000,"conversationId":"c","sessionId":"s","value":1,
		"agentAssistantId":"assist","activeSkillIds":["s-1"],"removedSkillIds":["s-2"],"routingRing":2,"agentBullseyeRing":3}}`).Session("s")
	require.Equal(t, "assist", s.AgentAssistantID)
	require.Equal(t, []string{"s-1"}, s.ActiveSkillIDs)
	require.Equal(t, []string{"s-2"}, s.RemovedSkillIDs)
	require.EqualValues(t, 2, s.RoutingRing)
	require.EqualValues(t, 3, s.AgentBullseyeRing)
}

func TestAScoreIsAFiniteNumber(t *testing.T) {
	for _, odd := range []string{`"NaN"`, `"Infinity"`, `"-Inf"`, `1e999`} {
		_, err := genesys.Decode([]byte(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","mediaStatsMinConversationMos":`+odd+`}`), time.Time{})
		require.ErrorContains(t, err, "expected a number", odd)
	}
}

// TestAnErrorInfoDoesNotEndALiveLeg: it can stand on a leg that goes on; the state
// says whether the leg is over.
func TestAnErrorInfoDoesNotEndALiveLeg(t *testing.T) {
	for _, state := range []string{"alerting", "contacting", "dialing"} {
		for _, start := range []string{"", `"startTime":"2025-01-10T09:00:00Z",`} {
			c := conversation.Merge(nil, one(t, `{"id":"c",`+start+`"participants":[{"id":"p","purpose":"agent","userId":"u",
				"calls":[{"id":"s","state":"`+state+`","errorInfo":{"code":"error.gone"}}]}]}`))
			require.Equal(t, conversation.StatusAlerting, c.Status, state)
		}
	}
}

// TestAFlattenedParticipantSaysWhatItsLegDoes: the error and the routing of a
// leg are read in both forms of the live API.
func TestAFlattenedParticipantSaysWhatItsLegDoes(t *testing.T) {
	const facts = `"errorInfo":{"code":"error.gone","message":"m"},"state":"disconnected"`
	const routing = `"conversationRoutingData":{"queue":{"id":"q"},"priority":7,"skills":[{"id":"k-2"},{"id":"k-1"},{}],"language":{"id":"l"}}`
	for _, message := range []string{
		`{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent",` + routing + `,` + facts + `}]}}`,
		`{"id":"c","selfUri":"/api/v2/conversations/calls/c","participants":[{"id":"p","purpose":"agent",` + routing + `,` + facts + `}]}`,
		`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent",` + routing + `,"calls":[{"id":"s",` + facts + `}]}]}}`,
	} {
		p := one(t, message).Participants[0]
		require.Equal(t, "q", p.QueueID, message)
		s := p.Sessions[0]
		require.Equal(t, "error.gone", s.ErrorCode)
		require.Equal(t, "l", s.RequestedLanguageID)
		require.EqualValues(t, 7, s.RoutingPriority)
		require.Equal(t, []string{"k-2", "k-1"}, s.RequestedRoutingSkills)
		for _, none := range []string{`null`, `{}`, `[]`} {
			for _, member := range []string{`"queue":{"id":"q"}`, `"skills":[{"id":"k-2"},{"id":"k-1"},{}]`, `"language":{"id":"l"}`, `"priority":7`} {
				name, _, _ := strings.Cut(member, ":")
				one(t, strings.Replace(message, member, name+":"+none, 1))
			}
		}
	}
}
