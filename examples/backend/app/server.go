package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
)

// The paths that Genesys Cloud and AWS call; genesys/setup writes them into what
// it generates.
const (
	eventbridgePath = "/genesys/v1/eventbridge"
	updatesPath     = "/genesys/v1/updates"
)

// endpoints are what Genesys Cloud and AWS call, and what people open. What is off
// is nil.
type endpoints struct {
	eventbridge *eventbridge.Handler
	updates     *architect.Handler
	panel       *panel
	operators   *operators
}

func newEndpoints(tokens []string, tracker *convtrack.Tracker, log *slog.Logger) (*endpoints, error) {
	if len(tokens) == 0 {
		return &endpoints{}, nil
	}
	secrets := func(context.Context) ([]string, error) { return tokens, nil }
	envelopes, err := eventbridge.NewHandler(tracker.Observe, eventbridge.HandlerConfig{Secrets: secrets, Logger: log})
	if err != nil {
		return nil, err
	}
	updates, err := architect.NewHandler(architect.HandlerConfig{Sink: tracker.Observe, Secrets: secrets, Case: caseOf(tracker), Logger: log})
	if err != nil {
		return nil, err
	}
	return &endpoints{eventbridge: envelopes, updates: updates}, nil
}

// watch has the tracker's health tell of them.
func (e *endpoints) watch(tracker *convtrack.Tracker) {
	if e.eventbridge != nil {
		tracker.Watch(eventbridgePath, e.eventbridge)
		tracker.Watch(updatesPath, e.updates)
	}
	if e.panel != nil {
		tracker.Watch(panelPath, e.panel.app)
	}
}

func (e *endpoints) close() {
	if e.updates != nil {
		e.updates.Close()
	}
}

// routes are everything that is served.
func routes(e *endpoints, alive health, ready *readiness, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	if e.eventbridge != nil {
		mux.Handle(eventbridgePath, e.eventbridge) // other methods are answered by the handler
		mux.Handle(updatesPath, e.updates)
	}
	if e.panel != nil {
		mux.Handle(panelPath, http.StripPrefix(strings.TrimSuffix(panelPath, "/"), e.panel.app))
	}
	mux.Handle(operatePath, e.operators)
	mux.Handle("GET /healthz", alive)
	mux.Handle("GET /readyz", ready)
	mux.Handle("GET /metrics", metrics)
	return mux
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("-listen: %w; choose another one, with port 0 for a free one", err)
	case err != nil:
		return nil, fmt.Errorf("-listen: %w", err)
	}
	return l, nil
}

func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
