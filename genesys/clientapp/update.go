package clientapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/clientapp/internal/agent"
	"github.com/dcmkit/convtrack/genesys/internal/ingress"
)

// Heard is what the browser says that it has seen. Whoever has the agent's token can
// make it up.
type Heard struct {
	Agent          Agent
	ConversationID string
	// Kind is "event" for a notification, "snapshot" for a conversation of the
	// API, "hint" when there is no body: the agent may not read it, or it is large.
	Kind string
	At   time.Time       // by the browser's clock; zero: it does not say
	Body json.RawMessage // as Genesys sent it; nil with a hint
}

// readUpdate reads a post. Its error is a sentence that quotes nothing of the
// body.
func readUpdate(body []byte) (Heard, error) {
	var is struct {
		ConversationID string          `json:"conversationId"`
		Kind           string          `json:"kind"`
		SeenAt         string          `json:"seenAt"`
		Body           json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(body, &is); err != nil {
		return Heard{}, fmt.Errorf("the body must be a JSON object with conversationId, kind, seenAt and body")
	}
	if !ingress.IsID(is.ConversationID) {
		return Heard{}, fmt.Errorf("conversationId is not an id")
	}
	h := Heard{ConversationID: is.ConversationID, Kind: is.Kind, Body: is.Body}
	switch is.Kind {
	case "event", "snapshot":
	case "hint":
		h.Body = nil
	default:
		return Heard{}, fmt.Errorf("kind is event, snapshot or hint")
	}
	// A clock that is wrong is no reason to lose a hint.
	if at, err := time.Parse(time.RFC3339, is.SeenAt); err == nil && time.Since(at).Abs() < 24*time.Hour {
		h.At = at.UTC()
	}
	return h, nil
}

// accepted is the answer to a post that is stored.
type accepted struct {
	Accepted bool `json:"accepted"`
}

// handle takes the body of a post of an agent.
func (a *App) handle(ctx context.Context, body []byte) ingress.Reply {
	who := agentOf(ctx)
	heard, err := readUpdate(body)
	if err != nil {
		a.throttled.To(ctx, a.config.Logger, slog.LevelWarn, "a post of the client app is not understood", "reason", err)
		return ingress.Refuse(err.Error())
	}
	if refused := a.mustTakePart(ctx, member{heard.ConversationID, who.ID}); refused != nil {
		return *refused
	}
	hint := conversation.Hint{ConversationID: heard.ConversationID, At: heard.At, By: "client app"}
	if err := a.config.Sink(ctx, conversation.Update{Hints: []conversation.Hint{hint}}); err != nil {
		a.throttled.To(ctx, a.config.Logger, slog.LevelError, "a post of the client app could not be stored", "error", err)
		return ingress.Unavailable("it is not stored; try again")
	}
	a.counts.hint(heard)
	heard.Agent = who
	a.pass(ctx, heard)
	return ingress.Reply{Status: http.StatusOK, Body: accepted{true}}
}

// answerTime is what is left of a post's time for its answer, however long the
// store took.
const answerTime = 100 * time.Millisecond

// pass gives the host what the browser has seen. The hint is stored by then, so
// that neither a panic nor a host that is slow must have it sent again: that one is
// left behind, and how many are left behind is bounded.
func (a *App) pass(ctx context.Context, heard Heard) {
	if a.config.Heard == nil {
		return
	}
	select {
	case a.hearing <- struct{}{}:
	default:
		a.throttled.To(ctx, a.config.Logger, slog.LevelError, "the host's Heard is not told: too many calls of it have not returned")
		return
	}
	if end, has := ctx.Deadline(); has {
		earlier, cancel := context.WithDeadline(ctx, end.Add(-answerTime))
		defer cancel()
		ctx = earlier
	}
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		defer func() { <-a.hearing }()
		defer func() {
			if p := recover(); p != nil { // its value is not shown: it may quote the body
				a.throttled.To(ctx, a.config.Logger, slog.LevelError, "the host's Heard panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			}
		}()
		a.config.Heard(ctx, heard)
	}()
	select {
	case <-returned:
	case <-ctx.Done():
	}
}

// stranger is what an agent is answered about a conversation that is none of his.
// The code tells the page that his login is as good as before.
var stranger = struct {
	ingress.Problem
	Code string `json:"code"`
}{ingress.Problem{Error: "the agent takes no part in this conversation"}, "participant"}

// mustTakePart returns what an agent is answered about a conversation that is
// none of his; nil: it is.
func (a *App) mustTakePart(ctx context.Context, m member) *ingress.Reply {
	takesPart, err := a.participation.has(ctx, m)
	var tooOften *agent.RateError
	switch {
	case errors.As(err, &tooOften):
		return &ingress.Reply{Status: http.StatusTooManyRequests, RetryAfter: tooOften.RetryAfter, Body: ingress.Problem{Error: tooOften.Error()}}
	case err != nil:
		a.throttled.To(ctx, a.config.Logger, slog.LevelError, "it cannot be told whether an agent takes part in a conversation", "error", err)
		reply := ingress.Unavailable("it cannot be told now who takes part in the conversation; try again")
		return &reply
	case !takesPart:
		a.counts.strangers.Add(1)
		return &ingress.Reply{Status: http.StatusForbidden, Body: stranger}
	}
	return nil
}
