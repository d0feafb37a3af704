package convtrack_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// recording is a source: it says what was recorded.
type recording [][]byte

func (r recording) Run(ctx context.Context, sink conversation.Sink) error {
	for _, message := range r {
		m, err := genesys.Decode(message, time.Time{})
		if err != nil {
			return err
		}
		if err := sink(ctx, conversation.Update{Conversations: m.Conversations}); err != nil {
			return err
		}
	}
	return nil
}

// A tracker with one hook follows a call that is transferred.
func Example() {
	hooks := events.NewHooks()
	events.After(hooks, "case-owner", func(_ context.Context, e *events.AgentConnected) error {
		fmt.Println("Genesys assigned the conversation to", e.UserID)
		return nil
	})
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := tracker.Run(context.Background(), recording(genesystest.BlindTransferToQueue().Snapshots())); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Genesys assigned the conversation to user-a
	// Genesys assigned the conversation to user-b
}

// Conversations are listed by status, time, medium, who has or had them, and attribute.
func ExampleTracker_List() {
	hooks := events.NewHooks()
	events.Before(hooks, "link", func(_ context.Context, e *events.ConversationCreated) error {
		e.SetAttribute("caseId", "CASE-4711")
		return nil
	})
	tracker, _ := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks})
	_ = tracker.Run(context.Background(), recording(genesystest.BlindTransferToQueue().Snapshots()))
	for c, err := range tracker.List(context.Background(), store.Query{
		Status: []conversation.Status{conversation.StatusEnded}, EverUserID: "user-a", Attribute: map[string]string{"caseId": "CASE-4711"},
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.ID, c.Status, "after", c.End.Sub(c.Start))
	}
	// Output: c0000000-0000-4000-8000-000000000001 Ended after 5m30s
}

// What a hook fails at for good is kept, with its input, until somebody
// retries or skips it.
func ExampleTracker_Failed() {
	hooks := events.NewHooks()
	events.After(hooks, "billing", func(context.Context, *events.ConversationEnded) error { return fmt.Errorf("no tariff") }, events.Attempts(1))
	tracker, _ := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet})
	_ = tracker.Run(context.Background(), recording(genesystest.BlindTransferToQueue().Snapshots()))
	for p, err := range tracker.Failed(context.Background(), store.FailedQuery{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Hook, "on", p.Event.Type+":", p.Error)
		n, _ := tracker.Skip(context.Background(), p.ID)
		fmt.Println("skipped", n)
	}
	// Output:
	// billing on conversation.ended: no tariff
	// skipped 1
}
