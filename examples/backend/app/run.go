package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack"
)

// run runs the backend until ctx ends, or something fails for good.
func run(ctx context.Context, o *options, stdout, stderr io.Writer) (err error) {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo})) // who decided what, and that the store is back, are information
	db, err := openDatabase(ctx, o.store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	working, stop := context.WithCancelCause(context.WithoutCancel(ctx)) // the sources are stopped after the server
	defer stop(nil)
	var panel *panel
	hooks := newHooks(db.cases, &lines{w: stdout}, func(id string) { panel.changed(id) }, // hooks run once everything is there
		func(err error) { stop(fmt.Errorf("stdout cannot be written: %w", err)) })
	telemetry, registry, err := newTelemetry(ctx, o.exports, log)
	if err != nil {
		return err
	}
	defer telemetry.close() //nolint:contextcheck // it hands on the last of it when ctx has ended
	tracker, err := convtrack.New(db, &convtrack.Config{Hooks: hooks, Logger: log, MeterProvider: telemetry.meterProvider(), TracerProvider: telemetry.tracerProvider()})
	if err != nil {
		return err
	}
	sources, err := openSources(o.environment, tracker, log) //nolint:contextcheck // nothing is asked before the sources run
	if err != nil {
		return err
	}
	defer sources.close()
	if panel, err = newPanel(o.environment, tracker, sources, db.cases, log); err != nil {
		return err
	}
	defer panel.close()
	endpoints, err := newEndpoints(o.tokens, tracker, log)
	if err != nil {
		return err
	}
	endpoints.panel = panel
	defer endpoints.close()

	operators, err := newOperators(o.operator, tracker, log)
	if err != nil {
		return err
	}
	endpoints.operators = operators
	defer operators.pages.Close()

	endpoints.watch(tracker)
	registry.MustRegister(&measurements{sources, endpoints})
	listener, err := listen(ctx, o.listen)
	if err != nil {
		return err
	}
	ready := &readiness{glance: &glance{tracker: tracker}, sources: sources, started: time.Now()}
	server := newServer(routes(endpoints, health{tracker}, ready, telemetry.scrape), log)
	server.RegisterOnShutdown(panel.close)
	server.RegisterOnShutdown(operators.pages.Close)
	introduce(stderr, o.environment, db.says, listener.Addr().String())
	return work(ctx, working, stop, tracker, sources, ready, server, listener)
}

// answerTime is how long requests may take to be answered when the backend
// stops: those that store something take 2 s at most.
const answerTime = 5 * time.Second

// work serves and follows until ctx ends, or one of both fails for good. It stops
// in the order in which things depend on each other: requests are answered
// before the tracker ends that stores them.
func work(ctx, working context.Context, stop context.CancelCauseFunc, tracker *convtrack.Tracker, sources *sources,
	ready *readiness, server *http.Server, listener net.Listener,
) error {
	served, followed := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() {
		err := tracker.Run(working, sources.all()...)
		stop(err)
		followed <- err
	}()
	var failed error
	select {
	case <-ctx.Done():
	case <-working.Done():
	case failed = <-served:
	}
	ready.stopping.Store(true)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	if server.Shutdown(closing) != nil {
		_ = server.Close()
	}
	stop(nil)
	err := <-followed
	if cause := context.Cause(working); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return errors.Join(failed, err)
}
