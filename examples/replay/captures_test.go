package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCapturedMessagesAreUnderstoodAndStoredRight plays the captured cases that are
// about what is stored and what is refused: in order, and in forty other orders with
// repetition. Each line of holds is in what is printed of the conversations, none of
// lacks is.
func TestCapturedMessagesAreUnderstoodAndStoredRight(t *testing.T) {
	for name, want := range map[string]struct {
		events       []string // that must come, whatever the order
		never        string   // an event that must not
		holds, lacks []string
		refused      []string // what is named on stderr
	}{
		"chat-told-by-provider": {events: []string{"agent.disconnected", "conversation.ended"},
			holds: []string{`"calculatedStatus":"Ended"`, `"sessionId":"p-a/chat","mediaType":"chat"`}, lacks: []string{`"mediaType":"voice"`}},
		"error-of-flattened-participant": {holds: []string{`"sessionId":"p-a/voice"`, `"errorCode":"error.ininedgecontrol.session.inactive"`}},
		"eval-assignee-stays-after-finish": {events: []string{"evaluation.released"},
			holds: []string{`"evaluationStatus":"Finished"`, `"oTotalScore":84`}, lacks: []string{"assigneeId"}},
		"eval-future-release-freezes": {never: "evaluation.released",
			holds: []string{`"evaluationStatus":"Finished"`, `"rescored":true`, `"oTotalScore":60`}, lacks: []string{"releaseDate", `"released"`}},
		"eval-released-explicit-false-is-ignored": {holds: []string{`"evaluationStatus":"InProgress"`}, lacks: []string{`"released"`, "oTotalScore"}},
		"eval-scheduled-release-is-not-released": {never: "evaluation.released",
			holds: []string{`"evaluationStatus":"Finished"`, `"releaseDate":"2026-12-20T08:00:00Z"`}, lacks: []string{`"released"`}},
		"firehose-and-kinesis-events": {events: []string{"conversation.created"}, holds: []string{`"conversationId":"c-fh"`, `"sessionId":"s-c"`}},
		"flow-outcomes-of-one-time":   {holds: []string{`"flowOutcomeId":"outcome-a","flowOutcomeValue":"SUCCESS"`, `"flowOutcomeId":"outcome-b","flowOutcomeValue":"FAILURE"`}},
		"known-topics-refused":        {},
		"session-without-id": {events: []string{"conversation.ended"}, holds: []string{`"participantId":"p-a"`, `"calculatedStatus":"Ended"`},
			refused: []string{"sessionId is missing", "participantId is missing"}},
		"survey-finished-rest-and-analytics": {events: []string{"survey.completed", "conversation.ended"},
			holds: []string{`"surveyStatus":"Finished"`, `"eventTime":"2026-11-01T10:05:02.744Z"`, `"oSurveyTotalScore":79.6`}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "cases", name+".json")
			var stored string
			for seed := range 41 {
				args := []string{file}
				if seed > 0 {
					args = []string{"-shuffle", fmt.Sprint(seed), "-repeat", "3", file}
				}
				r := play(t, "", args...)
				require.Equal(t, len(want.refused) > 0, r.code == 1, r.stderr)
				for _, reason := range want.refused {
					require.Contains(t, r.stderr, reason)
				}
				if len(want.refused) == 0 {
					require.Empty(t, r.stderr)
				}
				var types []string
				for _, e := range r.events {
					types = append(types, e.Type)
				}
				require.Subset(t, types, want.events, "shuffle %d", seed)
				require.NotContains(t, types, want.never, "shuffle %d", seed)
				now := conversationLines(r.stdout)
				for _, text := range want.holds {
					require.Contains(t, now, text, "shuffle %d", seed)
				}
				for _, text := range want.lacks {
					require.NotContains(t, now, text, "shuffle %d", seed)
				}
				if len(want.holds) == 0 {
					require.Empty(t, now)
				}
				if seed == 0 {
					stored = now
				}
				require.Equal(t, stored, now, "shuffle %d", seed)
			}
		})
	}
}

// conversationLines returns the lines about conversations, in order.
func conversationLines(stdout string) string {
	var of []string
	for line := range strings.Lines(stdout) {
		if strings.HasPrefix(line, `{"type":"conversation",`) {
			of = append(of, line)
		}
	}
	slices.Sort(of)
	return strings.Join(of, "")
}
