package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store"
)

// source names the origin of the events: together with it an id is unique.
const source = "urn:genesys-cloud:conversations"

func openStore(ctx context.Context, name string) (store.Store, error) {
	at, err := stores.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	s, err := at.Open(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	return s, nil
}

// replay tracks the input in the store. Nothing is announced before its time:
// what is concluded from single facts waits for the end of the input.
func replay(ctx context.Context, s store.Store, in *input, stdout io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &lines{w: bufio.NewWriter(stdout)}
	hooks := events.NewHooks()
	events.After(hooks, "replay-print", func(_ context.Context, e events.Event) error {
		line, err := events.CloudEvent(e, source)
		if err != nil {
			return err
		}
		if err := out.write(line); err != nil {
			cancel(fmt.Errorf("the output cannot be written: %w", err))
		}
		return nil
	})
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, SettleSoon: -1, SettleLate: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	in.settle = tracker.Settle
	if err := tracker.Run(ctx, in); err != nil {
		return err
	}
	switch err := context.Cause(ctx); {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; what is printed so far is right, but not all")
	case err != nil:
		return err
	}
	for c, err := range tracker.List(ctx, store.Query{}) {
		if err != nil {
			return err
		}
		line, err := json.Marshal(struct {
			Type string `json:"type"`
			Data any    `json:"data"`
		}{"conversation", c})
		if err != nil {
			return err
		}
		if err := out.write(line); err != nil {
			return err
		}
	}
	return nil
}

// lines writes lines to w, each at once.
type lines struct {
	mu sync.Mutex
	w  *bufio.Writer
}

func (l *lines) write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(line)
	_ = l.w.WriteByte('\n') // a bufio.Writer keeps its first error for Flush
	return l.w.Flush()
}
