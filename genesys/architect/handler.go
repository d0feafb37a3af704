package architect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/ingress"
	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// HandlerConfig says where calls go and who may call. Sink and Secrets are
// required; other fields that are zero take the default that is given with
// them.
type HandlerConfig struct {
	// Sink takes the hints; a Tracker's Observe is one.
	Sink conversation.Sink
	// Secrets returns the tokens with which a flow may call, as
	// "Authorization: Bearer". It is asked for each call, so that a rotation
	// needs no restart: return both the old and the new one meanwhile. It must be
	// safe for concurrent use. While it fails, or returns none, calls are
	// answered 503.
	Secrets func(ctx context.Context) ([]string, error)

	// Case returns the id of the case that a call belongs to, for the flow to
	// use; empty: there is none yet. It is called once the hint is stored, and
	// before what the hint tells of has been read. It must be safe for concurrent
	// use and should return when ctx ends. When it fails or is late the flow is
	// answered without a case; with [ErrNotOurs] the flow is told so. Nil: there
	// are no cases.
	Case func(ctx context.Context, c Call) (caseID string, err error)
	// CaseWithin is how long Case may take. 500 ms.
	CaseWithin time.Duration

	// QuietAfter is after how long without a call a warning is logged: a scheduled
	// workflow that calls every 30 minutes with the source "heartbeat" and no
	// conversation shows that the way is open, and 70 minutes are then a good
	// value. Zero: never.
	QuietAfter time.Duration
	// MaxConcurrent is how many calls are handled at a time; the others are
	// answered 429. 1024.
	MaxConcurrent int
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger

	answerWithin time.Duration // zero: as ingress has it; tests have more
}

// ErrNotOurs is for Case to say that a conversation is none of the host's: the
// flow is answered "accepted": false.
var ErrNotOurs = errors.New("the conversation is none of ours")

// maxBody is how large a call may be: it holds ids and a note.
const maxBody = 64 << 10

// Handler takes the calls of the data action, which are JSON:
//
//	{"source": "…", "topic": "…", "conversationId": "…", "participantId": "…", "eventTime": "…", "note": "…"}
//
// The last three can be missing. A call is answered within 2 s: 200 with
//
//	{"accepted": true, "caseId": "…"}
//
// when the hint is stored, both members always there, as an answer that lacks
// one fails the flow; otherwise with the status that sends the flow into its
// failure branch: 400 for what cannot be understood, 401 for a wrong token, 429
// for too many calls at a time, 503 while the store is down. A call that comes
// again does no harm, however often.
//
// It is an http.Handler, and safe for concurrent use.
type Handler struct {
	config    HandlerConfig
	in        *ingress.Handler
	cases     chan struct{} // a place for each call of Case
	quiet     *quiet
	counts    counts
	throttled throttle.Log // what can happen with each request
}

// NewHandler returns a handler. Close ends what it watches.
func NewHandler(c HandlerConfig) (*Handler, error) {
	switch {
	case c.Sink == nil:
		return nil, errors.New("architect: HandlerConfig.Sink is nil; a Tracker's Observe is one")
	case c.Secrets == nil:
		return nil, errors.New("architect: HandlerConfig.Secrets is nil, so nobody could call")
	case c.CaseWithin < 0 || c.QuietAfter < 0 || c.MaxConcurrent < 0:
		return nil, fmt.Errorf("architect: HandlerConfig.CaseWithin is %v, QuietAfter %v and MaxConcurrent %d; they must not be negative", c.CaseWithin, c.QuietAfter, c.MaxConcurrent)
	}
	if c.CaseWithin == 0 {
		c.CaseWithin = 500 * time.Millisecond
	}
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = 1024
	}
	c.Logger = host.Logger(c.Logger)
	h := &Handler{config: c, cases: make(chan struct{}, c.MaxConcurrent), quiet: newQuiet(c.QuietAfter, c.Logger)}
	var err error
	h.in, err = ingress.New(ingress.Config{
		Name: "data action", Authenticate: ingress.Secrets(c.Secrets, ingress.Bearer), Handle: h.handle,
		MaxBody: maxBody, MaxConcurrent: c.MaxConcurrent, AnswerWithin: c.answerWithin, Logger: c.Logger,
	})
	return h, err
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.in.ServeHTTP(w, r) }

// Close ends the watch for quiet. Calls can still be served.
func (h *Handler) Close() { h.quiet.stop() }

// ack is the answer to a call: the contract of the data action.
type ack struct {
	Accepted bool   `json:"accepted"`
	CaseID   string `json:"caseId"`
}

// handle takes the body of a call of somebody who may.
func (h *Handler) handle(ctx context.Context, body []byte) ingress.Reply {
	c, err := readCall(body)
	if err != nil {
		h.throttled.To(ctx, h.config.Logger, slog.LevelWarn, "a call of the data action is not understood", "reason", err)
		return ingress.Refuse(err.Error())
	}
	h.quiet.called()
	if c.ConversationID == "" {
		h.counts.heartbeats.Add(1)
		return ingress.Reply{Status: http.StatusOK, Body: ack{Accepted: true}}
	}
	hint := conversation.Hint{ConversationID: c.ConversationID, At: c.EventTime, By: "data action"}
	if err := h.config.Sink(ctx, conversation.Update{Hints: []conversation.Hint{hint}}); err != nil {
		h.throttled.To(ctx, h.config.Logger, slog.LevelError, "a call of the data action could not be stored", "error", err)
		return ingress.Unavailable("it is not stored; try again")
	}
	caseID, err := h.caseOf(ctx, c)
	if err != nil && !errors.Is(err, ErrNotOurs) {
		h.counts.withoutCase.Add(1)
		h.throttled.To(ctx, h.config.Logger, slog.LevelWarn, "a flow is answered without a case", "reason", err)
	}
	return ingress.Reply{Status: http.StatusOK, Body: ack{Accepted: !errors.Is(err, ErrNotOurs), CaseID: caseID}}
}
