package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/ingress"
	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// mostBody is how large a body may be. An event of EventBridge has at most
// 256 KiB; an envelope around it has little more.
const mostBody = 1 << 20

// HandlerConfig says who may post envelopes. Fields that are zero take the
// default that is given with them.
type HandlerConfig struct {
	// Secrets returns the secrets that are valid now: during a rotation the old
	// one and the new one. It is called for each request, by several goroutines at
	// a time, and should return at once; while it fails or returns none, requests
	// are answered 503, as EventBridge stops for good when it is told once that
	// its secret is wrong. Required.
	Secrets func(ctx context.Context) ([]string, error)
	// MaxConcurrent is how many requests may be at work at a time, of up to 1 MiB
	// each; others are told to come again. 64.
	MaxConcurrent int
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger

	answerWithin time.Duration // zero: as ingress has it; tests have more
}

// Handler is the HTTP endpoint of an API destination. It is safe for concurrent
// use.
//
// It answers within 2 s whatever happens, as EventBridge waits for 5:
//
//   - 200 {"accepted":true}: what the envelope says is stored, or says nothing
//     about conversations
//   - 400 with a sentence: it cannot be understood, and would not be later.
//     EventBridge does not try again; give the rule's target a dead-letter queue
//   - 401 for a wrong or missing bearer token, 403 for a wrong password
//     (Authorization: Basic, any user) or key (X-Api-Key)
//   - 405, 413, 415: no POST, more than 1 MiB, no plain JSON
//   - 429 and 503 with Retry-After: too much at a time, the store is down or
//     slow, or it is not known which secrets are valid. EventBridge tries again,
//     for 24 h unless the target says otherwise
//
// All but 200 have the body {"error":"…"}. Nothing of a request is logged.
type Handler struct {
	ingress *ingress.Handler
	sink    conversation.Sink
	log     *slog.Logger

	partly, notUnderstood atomic.Int64
	throttled             throttle.Log // what can happen with each envelope
}

// HandlerStats are counts of requests since the handler was made, by how they
// were answered, and present levels.
type HandlerStats struct {
	Stored      int64 // 200
	Denied      int64 // 401, 403
	Refused     int64 // 400, 405, 413, 415
	Overloaded  int64 // 429
	Unavailable int64 // 503, 500

	NotUnderstood int64 // of the refused: envelopes
	Partly        int64 // of the stored: a part was not understood and left out
	Handling      int   // requests at work now
}

// accepted is the answer to what is stored.
type accepted struct {
	Accepted bool `json:"accepted"`
}

// NewHandler returns a handler that gives what is posted to the sink: the
// Observe of a tracker.
func NewHandler(sink conversation.Sink, c HandlerConfig) (*Handler, error) {
	switch {
	case sink == nil:
		return nil, errors.New("eventbridge: the sink is nil; the Observe of a tracker is one")
	case c.Secrets == nil:
		return nil, errors.New("eventbridge: HandlerConfig.Secrets is nil; without a secret anybody could say anything")
	case c.MaxConcurrent < 0:
		return nil, fmt.Errorf("eventbridge: HandlerConfig.MaxConcurrent is %d; it must be at least 1, or 0 for the default", c.MaxConcurrent)
	}
	c.Logger = host.Logger(c.Logger)
	h := &Handler{sink: sink, log: c.Logger.With("ingress", "eventbridge")}
	var err error
	h.ingress, err = ingress.New(ingress.Config{
		Name: "eventbridge", Authenticate: ingress.Secrets(c.Secrets, ingress.Bearer, ingress.Basic, ingress.APIKey),
		Handle: h.handle, MaxBody: mostBody, MaxConcurrent: c.MaxConcurrent, AnswerWithin: c.answerWithin, Logger: c.Logger,
	})
	return h, err
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.ingress.ServeHTTP(w, r) }

// handle stores what an envelope tells. What is understood of one that is refused
// is stored all the same, as it may be all that will ever be known.
func (h *Handler) handle(ctx context.Context, body []byte) ingress.Reply {
	facts, whole, refused := understand(body, time.Now())
	if len(facts) > 0 {
		if err := give(ctx, h.sink, update(facts)); err != nil {
			h.throttled.To(ctx, h.log, slog.LevelWarn, "what an envelope says cannot be stored now", "reason", err)
			return ingress.Unavailable("it cannot be stored now; come again")
		}
	}
	switch {
	case whole:
		h.notUnderstood.Add(1)
		h.throttled.To(ctx, h.log, slog.LevelError, "an envelope is not understood; without a dead-letter queue at the rule's target it is lost", "reason", refused)
		return ingress.Refuse("the envelope is not understood: " + refused.Error())
	case refused != nil:
		h.partly.Add(1)
		h.throttled.To(ctx, h.log, slog.LevelWarn, "a part of an envelope is not understood and left out", "reason", refused)
	}
	return ingress.Reply{Status: http.StatusOK, Body: accepted{true}}
}

// Health counts the requests, for the Watch of a convtrack.Tracker.
func (h *Handler) Health() conversation.SourceHealth { return h.ingress.Health() }

// Stats returns the present counts.
func (h *Handler) Stats() HandlerStats {
	is := h.ingress.Stats()
	return HandlerStats{
		Stored: is.Stored, Denied: is.Denied, Refused: is.Refused, Overloaded: is.Overloaded, Unavailable: is.Unavailable,
		NotUnderstood: h.notUnderstood.Load(), Partly: h.partly.Load(), Handling: is.Handling,
	}
}
