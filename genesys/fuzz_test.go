package genesys_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// FuzzDecode: whatever arrives is decoded or refused, and what is decoded obeys
// the laws of the rest: it joins with itself to itself, can be derived from and
// can be stored as text.
func FuzzDecode(f *testing.F) {
	for _, s := range genesystest.Scenarios() {
		story := s.Story()
		for _, messages := range [][][]byte{story.Details(), story.QueueMessages(), story.Snapshots(), story.MediaSnapshots(), story.Records(), story.Bodies()} {
			f.Add(messages[len(messages)-1])
		}
	}
	f.Add([]byte(`{"entities":[{"id":"e","conversation":{"id":"c"},"evaluator":{},"answers":{"totalScore":1.5}},{"id":"v","surveyForm":{},"conversation":{"id":"c"}}]}`))
	f.Add([]byte(`{"topicName":"v2.users.u?presence&conversations","eventBody":{"id":"c","participants":[{"id":"p","state":"parked"}]}}`))
	f.Add([]byte(`{"records":[{"recordId":"1","data":"eyJoZWxsbyI6MX17fQ=="}]}`))
	f.Add([]byte(`{"Records":[{"kinesis":{"partitionKey":"1","data":"W10="}}]}`))
	f.Add([]byte(`{"id":"e","detail-type":"v2.users.{id}.conversations.calls","detail":{"eventBody":{"id":"c","participants":[{"id":"p","state":"terminated","errorInfo":{"code":"e"}}]}}}`))
	f.Add([]byte(`{"topicName":"v2.new.topic","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","state":"connected","provider":"Edge"},{"purpose":"agent"}]}}`))
	f.Add([]byte(`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","mediaStatsMinConversationMos":4.5,"resolutions":[{"userId":"u","nNextContactAvoided":1}],"participants":[{"participantId":"p","sessions":[
		{"sessionId":"s","removedSkillIds":["k"],"mediaEndpointStats":[{"eventTime":1736499600000,"minMos":"3.1"}],"flow":{"outcomes":[{"flowOutcome":"o:SUCCESS"}],"milestones":[{"milestoneId":"m"}]}},{"mediaType":"voice"}]}]}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		m, err := genesys.Decode(message, time.Time{})
		if m == nil {
			t.Fatal("no message")
		}
		if err == nil && m.Kind == genesys.KindConversation && len(m.Conversations) == 0 {
			t.Fatal("a conversation message without conversations")
		}
		for _, partial := range m.Conversations {
			c := conversation.Merge(nil, partial)
			if again := conversation.Merge(c, partial); again != c {
				t.Fatal("saying it again changes something")
			}
			for _, e := range events.Derive(c) {
				if _, err := events.CloudEvent(e, "urn:test"); err != nil {
					t.Fatal(err)
				}
			}
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(text) || strings.Contains(string(text), `\u0000`) {
				t.Fatalf("unsafe text: %q", text)
			}
		}
	})
}
