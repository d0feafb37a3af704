package events_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// blindTransfer is the state of a call that was transferred to a queue.
func blindTransfer() *conversation.Conversation {
	var c *conversation.Conversation
	for _, frame := range genesystest.BlindTransferToQueue().Snapshots() {
		m, err := genesys.Decode(frame, time.Time{})
		if err != nil {
			panic(err)
		}
		c = conversation.Merge(c, m.Conversations[0])
	}
	return c
}

func ExampleDerive() {
	for _, e := range events.Derive(blindTransfer()) {
		h := e.Head()
		switch e := e.(type) {
		case *events.AgentConnected:
			fmt.Println(h.Time.Format("15:04:05"), h.Type, e.UserID)
		case *events.AgentTransferred:
			fmt.Println(h.Time.Format("15:04:05"), h.Type, e.From.UserID, "to", e.To.Kind, e.To.QueueID)
		case *events.AgentDisconnected:
			fmt.Println(h.Time.Format("15:04:05"), h.Type, e.UserID)
		}
	}
	// Output:
	// 09:00:21 agent.connected user-a
	// 09:02:01 agent.transferred user-a to queue q-2
	// 09:02:10 agent.connected user-b
	// 09:05:00 agent.disconnected user-b
}

func ExampleBefore() {
	hooks := events.NewHooks()
	cases := map[string]string{"+4930123456": "CASE-1"} // by the address of the customer
	events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error {
		customer, known := e.Conversation.Customer()
		if known && cases[customer.Address] == "" {
			return events.Veto("the customer has no case")
		}
		return nil
	})
	err := hooks.RunBefore(context.Background(), "screen", events.Derive(blindTransfer())[0])
	fmt.Println(err)
	// Output: vetoed by hook "screen": the customer has no case
}

func ExampleAfter() {
	hooks := events.NewHooks()
	events.After(hooks, "case-owner", func(_ context.Context, e *events.AgentConnected) error {
		fmt.Println("the case goes to", e.UserID)
		return nil
	}, events.When(events.ByQueue("q-2")), events.Timeout(5*time.Second))
	for _, e := range events.Derive(blindTransfer()) {
		for _, name := range hooks.AfterHooks(e) {
			if err := hooks.RunAfter(context.Background(), name, e); err != nil {
				fmt.Println(err)
			}
		}
	}
	// Output: the case goes to user-b
}

func ExampleHookError() {
	hooks := events.NewHooks()
	events.After(hooks, "billing", func(context.Context, *events.ConversationEnded) error { panic("no tariff") })
	all := events.Derive(blindTransfer())
	err := hooks.RunAfter(context.Background(), "billing", all[len(all)-1])
	var failed *events.HookError
	if errors.As(err, &failed) {
		fmt.Println(failed.Hook, "failed:", failed.Err, "– with a stack:", failed.Stack != "")
	}
	// Output: billing failed: the hook panicked: no tariff – with a stack: true
}

func ExampleCloudEvent() {
	line, _ := events.CloudEvent(events.Derive(blindTransfer())[1], "urn:example")
	fmt.Println(string(line))
	// Output: {"specversion":"1.0","id":"540eaa92-6d8c-8054-9b34-b1d35c078ddb","source":"urn:example","type":"participant.added","subject":"c0000000-0000-4000-8000-000000000001","time":"2025-01-10T09:00:00Z","datacontenttype":"application/json","data":{"rule":"new-participant","participantId":"p-cust","purpose":"customer","participantName":"Rotterdam","mediaType":"voice"}}
}
