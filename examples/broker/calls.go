package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// calls is a source that says what Genesys would have said over a WebSocket of
// some transferred calls, and ends when all their events are published. In
// production it is genesys/notifications or another source.
type calls struct {
	n       int
	seed    uint64
	tracker *convtrack.Tracker
}

// Run implements convtrack.Source.
func (c calls) Run(ctx context.Context, sink conversation.Sink) error {
	ids := rand.New(rand.NewPCG(c.seed, 0)) //nolint:gosec // a seed, any will do
	var played []string
	for range c.n {
		call := genesystest.BlindTransferToQueue().Fresh(ids)
		played = append(played, call.ID)
		for _, frame := range call.Snapshots() {
			message, err := genesys.Decode(frame, call.Start)
			if err != nil {
				return err
			}
			if err := sink(ctx, conversation.Update{Conversations: message.Conversations}); err != nil {
				return err
			}
		}
	}
	if err := c.tracker.Settle(ctx); err != nil {
		return err
	}
	for _, id := range played {
		for {
			if done, err := c.published(ctx, id); err != nil {
				return err
			} else if done {
				break
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// published reports whether all events of a conversation are announced and
// published. Where a process has died its conversations wait until others take
// over from it.
func (c calls) published(ctx context.Context, id string) (bool, error) {
	log, err := c.tracker.Events(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ended := false
	for _, e := range log {
		ended = ended || e.Type == string(events.TypeConversationEnded)
		for _, d := range e.Deliveries {
			if d.State == store.StateWaiting || d.State == store.StateClaimed {
				return false, nil
			}
		}
	}
	return ended, nil
}
