package main

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// said is a source that says the frames.
type said [][]byte

func (s said) Run(ctx context.Context, sink conversation.Sink) error {
	for _, frame := range s {
		m, err := genesys.Decode(frame, time.Time{})
		if err != nil {
			return err
		}
		if err := sink(ctx, conversation.Update{Conversations: m.Conversations}); err != nil {
			return err
		}
	}
	return nil
}

// The hook of examples/backend has the name print.
func TestWhatWaitsForAnotherTrackersHookInTheStoreWaitsOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "backend.db")
	s, err := sqlitestore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	hooks := events.NewHooks()
	events.After(hooks, "print", func(ctx context.Context, _ events.Event) error {
		stop()
		<-ctx.Done() // it is given up when the drain timeout has passed
		return ctx.Err()
	})
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, DrainTimeout: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	waiting := genesystest.BlindTransferToQueue()
	_ = tracker.Run(ctx, said(waiting.Snapshots()[:1])) // it is stopped
	was, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.NotZero(t, was["print"])

	other := waiting.Fresh(rand.New(rand.NewPCG(1, 2)))
	r := play(t, string(bytes.Join(other.Snapshots(), nil)), "-store", "sqlite:"+file)
	require.Zero(t, r.code, r.stderr)
	require.NotEmpty(t, r.events)
	for _, e := range r.events {
		require.Equal(t, other.ID, e.Subject)
	}
	is, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, was, is)
}
