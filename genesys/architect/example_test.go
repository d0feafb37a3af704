package architect_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/genesys/genesystest"
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

// A hook that starts a flow when a conversation ends, once however often the
// hook is tried, and waits for what the flow found out.
func ExampleFlows() {
	server, err := genesystest.Start(genesystest.Flows(genesystest.Flow{ID: "follow-up", Takes: 200 * time.Millisecond,
		Does: func(_ context.Context, e genesystest.FlowExecution) (map[string]any, error) {
			return map[string]any{"Flow.callBackOn": "Monday"}, nil
		}}))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	hooks := events.NewHooks()
	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	flows, err := architect.NewFlows(architect.FlowsConfig{API: server.API(), Memory: tracker})
	if err != nil {
		log.Fatal(err)
	}
	events.After(hooks, "follow-up", func(ctx context.Context, e *events.ConversationEnded) error {
		done, err := flows.Run(ctx, architect.Launch{FlowID: "follow-up", Key: e.ID,
			Input: map[string]any{"Flow.conversationId": e.ConversationID}})
		if err != nil {
			return err // it is tried again, with the same key
		}
		fmt.Println("call back on", done.Output["Flow.callBackOn"])
		return nil
	})
	if err := tracker.Run(context.Background(), recording(genesystest.BlindTransferToQueue().Snapshots())); err != nil {
		log.Fatal(err)
	}
	fmt.Println("flows started:", len(server.FlowExecutions()))
	// Output:
	// call back on Monday
	// flows started: 1
}
