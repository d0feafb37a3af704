package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// serve runs the replicas until the call is over and all hooks have run.
func serve(ctx context.Context, database string, o *options, stdout io.Writer) error {
	var mu sync.Mutex
	printf := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(stdout, format, args...)
	}
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return fmt.Errorf("-database: %w", err)
	}
	defer pool.Close()
	var unreachable *pgconn.ConnectError
	switch err := createTables(ctx, pool); {
	case errors.As(err, &unreachable) && ctx.Err() == nil:
		return fmt.Errorf("%w\nstart the server that -database names, or leave -database out: then a server is started for this run", err)
	case err != nil:
		return err
	}
	replicas, replicasCtx := errgroup.WithContext(ctx)
	for n := range o.replicas {
		replicas.Go(func() error {
			return replica(replicasCtx, database, o.conversation, func(format string, args ...any) {
				printf(fmt.Sprintf("replica %d: %s", n+1, format), args...)
			})
		})
	}
	if err := replicas.Wait(); err != nil {
		return err
	}
	return reportCase(ctx, pool, o.conversation, printf)
}

// replica runs a tracker with a pool of its own, as a process does.
func replica(ctx context.Context, database, conversationID string, printf func(format string, args ...any)) error {
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return err
	}
	defer pool.Close()
	s, err := pgstore.New(ctx, pool, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it always succeeds
	hooks := events.NewHooks()
	register(hooks, printf)
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	story := genesystest.BlindTransferToQueue()
	story.ID = conversationID
	return tracker.Run(ctx, script{story})
}

// script is a source that says what Genesys would have said over a WebSocket.
type script struct{ story *genesystest.Story }

// Run implements convtrack.Source.
func (s script) Run(ctx context.Context, sink conversation.Sink) error {
	for _, frame := range s.story.Snapshots() {
		message, err := genesys.Decode(frame, s.story.Start)
		if err != nil {
			return err
		}
		if err := sink(ctx, conversation.Update{Conversations: message.Conversations}); err != nil {
			return err
		}
	}
	return nil
}
