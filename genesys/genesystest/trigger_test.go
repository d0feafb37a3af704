package genesystest_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// endpoint is a backend that is called without a network.
type endpoint struct {
	mu     sync.Mutex
	bodies []string
	handle http.HandlerFunc
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	e.bodies = append(e.bodies, string(body))
	e.mu.Unlock()
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.handle(w, r)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
}

func (e *endpoint) client() *http.Client { return &http.Client{Transport: e} }

func (e *endpoint) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.bodies...)
}

func answering(status int, body string) *endpoint {
	return &endpoint{handle: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}}
}

func TestATriggerRunsAWorkflowThatRunsADataAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := answering(200, `{"accepted":true,"caseId":"CASE-1"}`)
		const topic = "v2.detail.events.conversation.{id}.user.start"
		action := genesystest.DataAction{URL: "https://backend.example.com/updates", Client: backend.client()}
		s := genesystest.NewServer(t, genesystest.InMemory(), genesystest.Flows(genesystest.Flow{ID: "report",
			Does: func(ctx context.Context, e genesystest.FlowExecution) (map[string]any, error) {
				event := e.Input["Flow.jsonData"].(map[string]any)
				result := action.Run(ctx, map[string]string{"source": "trigger", "topic": topic, "conversationId": event["conversationId"].(string)})
				return map[string]any{"Flow.caseId": result.CaseID}, nil
			}}))
		s.AddTrigger(genesystest.Trigger{Topic: topic, FlowID: "report", Match: func(body map[string]any) bool { return body["userId"] == "user-b" }})
		playing := s.Play(genesystest.BlindTransferToQueue())
		require.NoError(t, playing.Wait(t.Context()))
		time.Sleep(time.Minute)
		require.Len(t, s.FlowExecutions(), 1)
		require.Equal(t, map[string]any{"Flow.caseId": "CASE-1"}, s.FlowExecutions()[0].Output)
		require.Len(t, backend.got(), 1)
		require.JSONEq(t, `{"source":"trigger","topic":"`+topic+`","conversationId":"`+playing.ID()+`"}`, backend.got()[0])
	})
}

func TestAnActionTriesAgainUntilItSucceedsOrTheFlowGivesUp(t *testing.T) {
	good := `{"accepted":false,"caseId":""}`
	for name, c := range map[string]struct {
		status  int
		body    string
		success bool
	}{
		"a success":           {200, good, true},
		"another success":     {202, good, true},
		"a failure":           {503, good, false},
		"no JSON":             {200, "ok", false},
		"a member is missing": {200, `{"accepted":true}`, false},
		"another type":        {200, `{"accepted":"true","caseId":""}`, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			backend := answering(c.status, c.body)
			began := time.Now()
			result := genesystest.DataAction{URL: "https://x", Client: backend.client()}.Run(t.Context(), nil)
			require.Equal(t, c.success, result.Success, name)
			require.Equal(t, c.status, result.Status, name)
			if c.success {
				require.Equal(t, 1, result.Tries, name)
				return
			}
			require.Equal(t, 3, result.Tries, name)
			require.Equal(t, time.Minute, time.Since(began), name)
		})
	}
}

func TestAnActionWaitsForItsAnswerForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &endpoint{handle: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		result := genesystest.DataAction{URL: "https://x", Client: slow.client(), Tries: 1}.Run(t.Context(), nil)
		require.Equal(t, genesystest.ActionResult{Tries: 1, Took: time.Minute}, result)
	})
}

func TestARenderedTemplateIsJSONWhateverTheValuesAre(t *testing.T) {
	const seed = 9
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it chooses values
	alphabet := []rune("ab\"\\\n\t#${}$!äé😀\u2028</'")
	word := func() string {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	for range 2000 {
		input := map[string]string{"source": word(), "topic": word(), "conversationId": word(), "participantId": word(), "eventTime": word(), "note": word()}
		backend := answering(200, `{"accepted":true,"caseId":""}`)
		genesystest.DataAction{URL: "https://x", Client: backend.client()}.Run(t.Context(), input)
		var sent map[string]string
		require.NoError(t, json.Unmarshal([]byte(backend.got()[0]), &sent), "seed %d: %q", seed, input)
		for name, value := range input {
			optional := name == "participantId" || name == "eventTime" || name == "note"
			_, has := sent[name]
			require.Equal(t, !optional || value != "", has, "seed %d: %s of %q", seed, name, input)
			require.Equal(t, value, sent[name], "seed %d", seed)
		}
	}
}

func TestAVariableThatIsTooLargeFailsTheFlow(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		for size, want := range map[int]string{32_000: "COMPLETED", 32_001: "FAILED"} {
			launched := c.do(http.MethodPost, "/api/v2/flows/executions", object{"flowId": "f", "inputData": object{"Flow.x": strings.Repeat("x", size)}}, http.StatusOK).object(t)
			time.Sleep(2 * time.Second)
			require.Equal(t, want, c.get("/api/v2/flows/executions/" + launched["id"].(string))["status"])
		}
	})
}
