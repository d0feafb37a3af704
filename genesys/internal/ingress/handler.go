package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/internal/origin"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// Config says what a handler takes, from whom and how much.
type Config struct {
	// Name is how the handler is called in the log. Required.
	Name string
	// Authenticate finds out who calls. Required; see Secrets.
	Authenticate Authenticator
	// Handle takes a body and answers once the facts in it are stored. It gets
	// the context of the authenticator, which ends when the call has been
	// answered. Required.
	Handle func(ctx context.Context, body []byte) Reply
	// MaxBody is how many bytes a body may have. Required.
	MaxBody int64
	// MaxConcurrent is how many bodies are read and handled at a time; who comes
	// when there is no room is told to come again. 64.
	MaxConcurrent int
	// AnswerWithin is when a call is answered at the latest. 1.5 s.
	AnswerWithin time.Duration
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

// mostAuthenticating is how many callers are authenticated at a time: an
// authenticator may have to ask somebody.
const mostAuthenticating = 64

// Handler is an http.Handler for calls that post JSON.
type Handler struct {
	config         Config
	authenticating chan struct{} // a place for each
	handling       chan struct{}
	stats          counters
	throttled      throttle.Log // what can happen with each request
}

// New returns a handler.
func New(c Config) (*Handler, error) {
	switch {
	case c.Authenticate == nil:
		return nil, fmt.Errorf("%s: nothing says who may call", c.Name)
	case c.Handle == nil || c.MaxBody <= 0:
		return nil, fmt.Errorf("%s: nothing takes the body, or its size is not limited", c.Name)
	case c.MaxConcurrent < 0 || c.AnswerWithin < 0:
		return nil, fmt.Errorf("%s: MaxConcurrent is %d and AnswerWithin %v; they must not be negative", c.Name, c.MaxConcurrent, c.AnswerWithin)
	}
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = 64
	}
	if c.AnswerWithin == 0 {
		c.AnswerWithin = 1500 * time.Millisecond
	}
	c.Logger = host.Logger(c.Logger)
	c.Logger = c.Logger.With("ingress", c.Name)
	return &Handler{
		config: c, authenticating: make(chan struct{}, mostAuthenticating), handling: make(chan struct{}, c.MaxConcurrent),
	}, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Who has gone does not stop what he has said from being stored.
	ctx, cancel := context.WithTimeout(h.says(context.WithoutCancel(r.Context()), r.Header), h.config.AnswerWithin)
	defer cancel()
	reply := h.reply(ctx, w, r)
	h.stats.count(reply.Status)
	reply.Write(w)
}

// says returns a context that says where it comes from what the call tells: in the
// trace that its headers name, unless the host has begun one for it.
func (h *Handler) says(ctx context.Context, header http.Header) context.Context {
	from := origin.Origin{Source: h.config.Name}
	if !trace.SpanContextFromContext(ctx).IsValid() {
		if in := origin.FromHeader(header); in.IsValid() {
			from.Traces = []trace.SpanContext{in}
		}
	}
	return origin.With(ctx, from)
}

func (h *Handler) reply(ctx context.Context, w http.ResponseWriter, r *http.Request) Reply {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return *refuseEarly(http.StatusMethodNotAllowed, "only POST is understood here")
	}
	called, denied := h.authenticate(ctx, r.Header)
	if denied != nil {
		return *denied
	}
	h.stats.heard.Store(time.Now().UnixNano())
	if refused := refuseContent(r.Header); refused != nil {
		return *refused
	}
	if r.ContentLength > h.config.MaxBody {
		return *h.tooLarge()
	}
	select {
	case h.handling <- struct{}{}:
		return h.take(ctx, called, w, r)
	default:
		full := refuseEarly(http.StatusTooManyRequests, "too many calls at a time; come again")
		full.RetryAfter = afterOverload
		return *full
	}
}

// authenticate returns the context of a caller who may call, or what he is
// answered. What takes too long goes on in its place.
func (h *Handler) authenticate(ctx context.Context, header http.Header) (context.Context, *Reply) {
	type result struct {
		called context.Context
		err    error
	}
	select {
	case h.authenticating <- struct{}{}:
	case <-ctx.Done():
		return nil, h.undecided(ctx, ctx.Err())
	}
	found := make(chan result, 1)
	go func() {
		is := result{err: errPanicked}
		defer func() {
			if is.err == errPanicked { //nolint:errorlint // it is compared with what was put there, not returned by anybody
				_ = recover()
				h.config.Logger.Error("the authenticator panicked", "stack", string(debug.Stack()))
			}
			<-h.authenticating
			found <- is
		}()
		called, err := h.config.Authenticate(ctx, header)
		is = result{called, err}
	}()
	select {
	case is := <-found:
		var denied *Denied
		switch {
		case errors.As(is.err, &denied):
			return nil, h.denied(ctx, denied)
		case is.err != nil:
			return nil, h.undecided(ctx, is.err)
		}
		return is.called, nil
	case <-ctx.Done():
		return nil, h.undecided(ctx, ctx.Err())
	}
}

// denied is the reply to who may not call.
func (h *Handler) denied(ctx context.Context, d *Denied) *Reply {
	h.throttled.To(ctx, h.config.Logger, slog.LevelWarn, "a caller was denied", "status", d.Status, "reason", d.Sentence)
	r := refuseEarly(d.Status, d.Sentence)
	r.RetryAfter = d.RetryAfter
	if d.Status == http.StatusUnauthorized {
		r.challenge = "Bearer"
	}
	return r
}

// undecided is the reply when it cannot be told whether somebody may call.
func (h *Handler) undecided(ctx context.Context, reason error) *Reply {
	h.throttled.To(ctx, h.config.Logger, slog.LevelWarn, "it cannot be told who may call", "reason", reason)
	r := Unavailable("it cannot be told now who may call; come again")
	r.early = true
	return &r
}

// take reads the body and has it handled, in a place of its own. What takes too
// long goes on there, so that there are never more at work than there are
// places.
func (h *Handler) take(ctx, called context.Context, w http.ResponseWriter, r *http.Request) Reply {
	controller := http.NewResponseController(w)
	until, _ := ctx.Deadline()
	_ = controller.SetReadDeadline(until) // without it the body is waited for, but the answer is not late
	read, done := make(chan error, 1), make(chan Reply, 1)
	go func() {
		defer func() { <-h.handling }()
		body, err := readBody(r.Body, r.ContentLength, h.config.MaxBody)
		read <- err
		if err == nil {
			done <- h.handle(called, body)
		}
	}()
	select {
	case err := <-read:
		if err != nil {
			return h.unread(ctx, err)
		}
		// One that passed after the body has been read would end the connection.
		_ = controller.SetReadDeadline(time.Time{})
	case <-ctx.Done():
		return h.unread(ctx, ctx.Err())
	}
	select {
	case reply := <-done:
		return reply
	case <-ctx.Done():
	}
	select {
	case reply := <-done:
		return reply
	default:
		return Unavailable("it is not stored yet; come again")
	}
}

// unread is the reply when a body could not be read.
func (h *Handler) unread(ctx context.Context, err error) Reply {
	switch {
	case errors.Is(err, errTooLarge):
		return *h.tooLarge()
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		slow := Unavailable("the body did not come in time; send it again") // not 408: EventBridge would not
		slow.early = true
		return slow
	}
	return *refuseEarly(http.StatusBadRequest, "the body ends before its end")
}

func (h *Handler) tooLarge() *Reply {
	return refuseEarly(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body may have %d bytes", h.config.MaxBody))
}

// errPanicked stands for what has not returned.
var errPanicked = errors.New("it panicked")

// handle calls Handle.
func (h *Handler) handle(ctx context.Context, body []byte) (reply Reply) {
	returned := false
	defer func() {
		if !returned { // the value of a panic may quote the body
			_ = recover()
			h.config.Logger.Error("a call could not be handled: panic", "stack", string(debug.Stack()))
			reply = problem(http.StatusInternalServerError, "the call could not be handled")
		}
	}()
	reply = h.config.Handle(ctx, body)
	returned = true
	return reply
}
