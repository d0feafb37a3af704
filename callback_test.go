package convtrack_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// calls are what code of the host's may ask of the tracker.
func calls(r **rig, id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Observe": func(ctx context.Context) error {
			return (*r).Observe(ctx, conversation.Update{Conversations: []*conversation.Conversation{
				conversation.State(&conversation.Conversation{ID: id, Attributes: map[string]string{"called": fmt.Sprint(time.Now())}}, conversation.Statement{By: conversation.SourceHost, At: time.Now(), Seen: time.Now()})}})
		},
		"Gap": func(ctx context.Context) error {
			return (*r).Observe(ctx, conversation.Update{Gap: &conversation.Gap{Source: "own", From: time.Now(), To: time.Now()}})
		},
		"Hint": func(ctx context.Context) error {
			return (*r).Observe(ctx, conversation.Update{Hints: []conversation.Hint{{ConversationID: id}}})
		},
		"Settle":        func(ctx context.Context) error { return (*r).Settle(ctx) },
		"Forget":        func(ctx context.Context) error { _, err := (*r).Forget(ctx, id); return err },
		"RetryAll":      func(ctx context.Context) error { _, err := (*r).RetryAll(ctx, store.FailedQuery{}); return err },
		"SkipAll":       func(ctx context.Context) error { _, err := (*r).SkipAll(ctx, store.FailedQuery{}); return err },
		"Get":           func(ctx context.Context) error { _, err := (*r).Get(ctx, id); return err },
		"Health":        func(ctx context.Context) error { _ = (*r).Health(ctx); return nil },
		"SetAttributes": func(ctx context.Context) error { return (*r).SetAttributes(ctx, id, map[string]string{"a": "b"}) },
		"Track":         func(ctx context.Context) error { return (*r).Track(ctx, id) },
		"stop":          func(context.Context) error { (*r).cancel(); return nil },
	}
}

func TestCodeOfTheHostsMayCallTheTrackerFromWhereverItIsCalled(t *testing.T) {
	s, other := genesystest.BlindTransferToQueue(), story(t, "internal call between two users")
	var r *rig
	for call, do := range calls(&r, s.ID) {
		for place, prepare := range map[string]func(*events.Hooks, *convtrack.Config, func(context.Context)){
			"an After hook": func(h *events.Hooks, _ *convtrack.Config, do func(context.Context)) {
				events.After(h, "calls", func(ctx context.Context, _ *events.AgentTransferred) error { do(ctx); return nil })
			},
			"an After hook in a transaction": func(h *events.Hooks, _ *convtrack.Config, do func(context.Context)) {
				events.After(h, "calls", func(ctx context.Context, _ *events.AgentTransferred) error { do(ctx); return nil }, events.InTransaction())
			},
			"a Before hook": func(h *events.Hooks, _ *convtrack.Config, do func(context.Context)) {
				events.Before(h, "calls", func(ctx context.Context, _ *events.AgentTransferred) error { do(ctx); return nil })
			},
			"Config.OnFailed": func(h *events.Hooks, c *convtrack.Config, do func(context.Context)) {
				events.After(h, "fails", func(ctx context.Context, _ *events.AgentTransferred) error { return errDead }, events.Attempts(1))
				once := false
				c.OnFailed = func(ctx context.Context, _ store.FailedItem) {
					if !once {
						once = true
						do(ctx)
					}
				}
			},
			"Config.OnGap": func(h *events.Hooks, c *convtrack.Config, do func(context.Context)) {
				once := false
				c.OnGap = func(conversation.Gap) {
					if !once {
						once = true
						do(context.Background())
					}
				}
			},
			"Backoff": func(h *events.Hooks, c *convtrack.Config, do func(context.Context)) {
				events.After(h, "fails", func(ctx context.Context, _ *events.AgentTransferred) error { return errDead }, events.Attempts(2), events.Backoff(func(int) time.Duration { do(context.Background()); return 0 }))
			},
			"a filter": func(h *events.Hooks, c *convtrack.Config, do func(context.Context)) {
				events.After(h, "calls", func(context.Context, *events.AgentTransferred) error { return nil }, events.When(func(e events.Event) bool { do(context.Background()); return true }))
			},
		} {
			t.Run(call+" in "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hooks := events.NewHooks()
					j := &journal{}
					events.After(hooks, "good", func(_ context.Context, e events.Event) error {
						if e.Head().ConversationID == other.ID {
							j.write("%s", e.Head().Type)
						}
						return nil
					})
					var called, returned atomic.Int64
					r = start(t, hooks, func(c *convtrack.Config) {
						prepare(hooks, c, func(ctx context.Context) {
							called.Add(1)
							_ = do(ctx) // in a transaction it is refused
							returned.Add(1)
						})
					})
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
					defer cancel()
					_ = r.Observe(ctx, conversation.Update{Gap: &conversation.Gap{Source: "x", From: time.Now()}})
					for _, m := range append(s.Snapshots(), other.Snapshots()...) {
						_ = r.Observe(ctx, conversation.Update{Conversations: decode(t, m)}) // refused after a stop
					}
					time.Sleep(5 * time.Minute)
					require.NotZero(t, called.Load())
					require.Equal(t, called.Load(), returned.Load(), "each call has returned")
					if call != "stop" {
						require.Equal(t, internalCallEvents, j.read())
					}
					began := time.Now()
					require.NoError(t, r.stop())
					require.Zero(t, time.Since(began), "nothing hangs")
				})
			})
		}
	}
}
