package architect_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// direct is a way to a handler without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// Pitfalls B1 and B2: triggers start workflows several times, out of order and
// late.
func TestEveryEventOfAStoryBecomesAHintThroughTriggerWorkflowAndAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, kept, _ := newHandler(t, func(c *architect.HandlerConfig) {
			c.Case = func(_ context.Context, call architect.Call) (string, error) {
				return "case of " + call.ParticipantID, nil
			}
		})
		action := genesystest.DataAction{URL: "https://backend.example.com/genesys/v1/updates", Client: &http.Client{Transport: direct{h}},
			Header: http.Header{"Authorization": {"Bearer " + token}}}
		var mu sync.Mutex
		var results []genesystest.ActionResult
		s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.Flows(genesystest.Flow{ID: "report",
			Does: func(ctx context.Context, e genesystest.FlowExecution) (map[string]any, error) {
				event := e.Input["Flow.jsonData"].(map[string]any)
				at := time.UnixMilli(int64(event["eventTime"].(float64))).UTC().Format(time.RFC3339Nano)
				result := action.Run(ctx, map[string]string{"source": "trigger", "topic": "v2.detail.events.conversation.{id}.user.start",
					"conversationId": event["conversationId"].(string), "participantId": event["participantId"].(string), "eventTime": at, "note": ""})
				mu.Lock()
				defer mu.Unlock()
				results = append(results, result)
				return map[string]any{"Flow.caseId": result.CaseID}, nil
			}}))
		for _, delay := range []time.Duration{0, time.Second, time.Hour} {
			s.AddTrigger(genesystest.Trigger{Topic: "v2.detail.events.conversation.{id}.user.start", FlowID: "report", Delay: delay})
		}
		playing := s.Play(genesystest.BlindTransferToQueue())
		began := time.Now()
		require.NoError(t, playing.Wait(t.Context()))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Len(t, kept.all(), 2*3, "two agents, three triggers")
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, results, 2*3)
		for _, r := range results {
			require.True(t, r.Success && r.Accepted)
			require.True(t, strings.HasPrefix(r.CaseID, "case of "))
			require.Less(t, r.Took, 2*time.Second)
			require.Equal(t, 1, r.Tries)
		}
		for _, hint := range kept.all() {
			require.Equal(t, playing.ID(), hint.ConversationID)
			require.Less(t, hint.At.Sub(began), 10*time.Minute, "the age of a fact is when it happened, not when the call came")
		}
	})
}

// Pitfall B4: a variable of more than 32 000 characters fails the workflow. The
// shipped triggers hand over single members.
func TestAnEventThatIsTooLargeForAVariableIsToldAllTheSame(t *testing.T) {
	for _, primitives := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h, kept, _ := newHandler(t)
			action := genesystest.DataAction{URL: "https://backend.example.com/genesys/v1/updates", Client: &http.Client{Transport: direct{h}},
				Header: http.Header{"Authorization": {"Bearer " + token}}}
			s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.Flows(genesystest.Flow{ID: "report",
				Does: func(ctx context.Context, e genesystest.FlowExecution) (map[string]any, error) {
					of := func(member string) string { text, _ := e.Input["Flow."+member].(string); return text }
					result := action.Run(ctx, map[string]string{"source": "trigger", "topic": "v2.detail.events.conversation.{id}.attributes",
						"conversationId": of("conversationId"), "participantId": of("participantId"), "eventTime": of("eventTime"), "note": ""})
					return map[string]any{"Flow.caseId": result.CaseID}, nil
				}}))
			s.AddTrigger(genesystest.Trigger{Topic: "v2.detail.events.conversation.{id}.attributes", FlowID: "report", TopLevelPrimitives: primitives})
			story := genesystest.BlindTransferToQueue()
			story.Attributes = append(story.Attributes, genesystest.Attribute{At: time.Second, Participant: story.Legs[0].Participant,
				Values: map[string]string{"history": strings.Repeat("x", 40<<10)}})
			playing := s.Play(story)
			require.NoError(t, playing.Wait(t.Context()))
			time.Sleep(time.Hour)
			synctest.Wait()
			if !primitives {
				require.Empty(t, kept.all(), "that is why")
				return
			}
			require.NotEmpty(t, kept.all())
			require.Equal(t, playing.ID(), kept.all()[0].ConversationID)
			require.False(t, kept.all()[0].At.IsZero())
		})
	}
}
