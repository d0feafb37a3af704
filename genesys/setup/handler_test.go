package setup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/setup"
)

const token = "cJ5mT0x7Wq2nYv8bL4sK9dR3hF6gZ1aEuPoIiXyQwMn="

// backend is the handler of data actions, and what it was told.
type backend struct {
	handler *architect.Handler
	call    architect.Call
	hints   []conversation.Hint
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{}
	var err error
	b.handler, err = architect.NewHandler(architect.HandlerConfig{
		Sink: func(_ context.Context, u conversation.Update) error {
			b.hints = append(b.hints, u.Hints...)
			return nil
		},
		Secrets: func(context.Context) ([]string, error) { return []string{token}, nil },
		Case: func(_ context.Context, c architect.Call) (string, error) {
			b.call = c
			return `CASE "7"`, nil
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(b.handler.Close)
	return b
}

// execute does what Genesys does with the data action: it renders the request,
// sends it, and renders the answer.
func (b *backend) execute(t *testing.T, v *velocity, a dataAction, secret string, given map[string]*string) (status int, result string) {
	t.Helper()
	b.call, b.hints = architect.Call{}, nil
	req := httptest.NewRequestWithContext(t.Context(), a.Config.Request.RequestType, a.Config.Request.RequestURLTemplate, strings.NewReader(body(t, v, a, given)))
	for name, template := range a.Config.Request.Headers {
		req.Header.Set(name, v.render(t, template, value{"credentials", "dcmToken", &secret}))
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, req)
	answer, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	text := string(answer)
	return w.Code, v.render(t, a.Config.Response.SuccessTemplate, value{object: "rawResult", text: &text})
}

func TestTheHandlerUnderstandsTheDataAction(t *testing.T) {
	a, v, b := readAction(t, files(t, everything())), renderer(t, ""), newBackend(t)
	text := func(s string) *string { return &s }
	usual := map[string]*string{"source": text("trigger"), "topic": text("v2.detail.events.conversation.{id}.user.end"), "conversationId": text("c-1")}

	status, result := b.execute(t, v, a, token, usual)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []conversation.Hint{{ConversationID: "c-1", By: "data action"}}, b.hints)
	require.Equal(t, "v2.detail.events.conversation.{id}.user.end", b.call.Topic)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(result), &answer))
	require.Equal(t, map[string]any{"accepted": true, "caseId": `CASE "7"`}, answer)
	for name := range answer {
		require.Contains(t, a.Contract.Output.SuccessSchema.Properties, name)
	}
	require.Len(t, answer, len(a.Contract.Output.SuccessSchema.Properties))

	all := map[string]*string{"participantId": text("p-1"), "eventTime": text("2026-03-02T10:15:30.512Z"), "note": text("moved")}
	for name, s := range usual {
		all[name] = s
	}
	status, _ = b.execute(t, v, a, token, all)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, architect.Call{ConversationID: "c-1", Source: "trigger", Topic: *usual["topic"], ParticipantID: "p-1", Note: "moved",
		EventTime: time.Date(2026, 3, 2, 10, 15, 30, 512e6, time.UTC)}, b.call)

	// What would be the text of a template is no note to the handler.
	for _, s := range hostile {
		all["note"] = text(s)
		status, _ := b.execute(t, v, a, token, all)
		if status == http.StatusRequestEntityTooLarge { // with its escapes
			require.Greater(t, len(body(t, v, a, all)), 64<<10)
			continue
		}
		require.Equal(t, http.StatusOK, status, "%.40q", s)
		require.Contains(t, []string{s, ""}, b.call.Note, "%.40q", s)
		require.Equal(t, "c-1", b.call.ConversationID)
	}
}

func TestTheHeartbeatTellsOfNoConversation(t *testing.T) {
	all := files(t, everything())
	a, v, b := readAction(t, all), renderer(t, ""), newBackend(t)
	given := map[string]*string{}
	parseYAML(t, all["genesys/flows/heartbeat.yaml"]).walk(func(n node) {
		for _, name := range n.at("inputs").keys() {
			input := n.at("inputs", name)
			switch {
			case input.at("lit").Node != nil:
				given[name] = &input.at("lit").Value
			case input.at("exp").text() == `""`:
				given[name] = new(string)
			default:
				require.Equal(t, "true", input.at("noValue").text(), name)
			}
		}
	})
	status, _ := b.execute(t, v, a, token, given)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, b.hints)
	require.EqualValues(t, 1, b.handler.Stats().Heartbeats)
}

// TestAFailureIsOneForTheFlow: only a status selects the failure branch.
func TestAFailureIsOneForTheFlow(t *testing.T) {
	a, v, b := readAction(t, files(t, everything())), renderer(t, ""), newBackend(t)
	text := func(s string) *string { return &s }
	status, _ := b.execute(t, v, a, "another token", map[string]*string{"source": text("trigger"), "topic": text("x"), "conversationId": text("c-1")})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Empty(t, b.hints)
	for _, missing := range []*string{nil, text("")} {
		status, result := b.execute(t, v, a, token, map[string]*string{"source": text("trigger"), "topic": text("x"), "conversationId": missing})
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, result, "conversationId is missing")
		require.Empty(t, b.hints)
	}
}

// TestTheLibraryUnderstandsAllThatIsSent decodes an event of each topic as it
// comes out of the bus.
func TestTheLibraryUnderstandsAllThatIsSent(t *testing.T) {
	for _, topic := range append(setup.DetailEvents(), setup.DefaultTriggers()...) {
		envelope := fmt.Sprintf(`{"version":"0","id":"e-1","detail-type":%q,"source":"aws.partner/genesys.com/cloud/o/dcm","detail":{"topicName":%q,"version":"2",
			"eventBody":{"id":"ev-1","eventTime":%s,"conversationId":"c-1","participantId":"p-1","sessionId":"s-1","mediaType":"VOICE","flowOutcomeId":"o-1","status":"FINISHED"},"metadata":{}}}`,
			topic, strings.ReplaceAll(topic, "{id}", "c-1"), map[bool]string{true: `"2026-03-02T10:15:30.512Z"`, false: "1772446530512"}[topic == "v2.quality.evaluations"])
		m, err := genesys.Decode([]byte(envelope), time.Time{})
		require.NoError(t, err, topic)
		require.Equal(t, genesys.KindConversation, m.Kind, topic)
		require.Len(t, m.Conversations, 1, topic)
		require.Equal(t, "c-1", m.Conversations[0].ID, topic)
	}
}
