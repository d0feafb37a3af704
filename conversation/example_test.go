package conversation_test

import (
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Two sources speak of one leg; the order in which they are heard does not
// matter.
func ExampleMerge() {
	start := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	leg := func(s conversation.Session) *conversation.Conversation {
		s.ID = "s-1"
		return &conversation.Conversation{ID: "c-1", Participants: []*conversation.Participant{
			{ID: "p-1", Purpose: conversation.PurposeAgent, UserID: "user-a", Sessions: []*conversation.Session{&s}}}}
	}
	answered := conversation.State(leg(conversation.Session{State: conversation.StateConnected, ConnectedTime: start}),
		conversation.Statement{By: conversation.SourceTopic, Seen: start})
	left := conversation.State(leg(conversation.Session{State: conversation.StateTerminated, DisconnectedTime: start.Add(time.Minute), DisconnectType: conversation.DisconnectClient}),
		conversation.Statement{By: conversation.SourceTopic, Seen: start.Add(time.Minute)})

	c := conversation.Merge(left, answered)
	fmt.Println(c.Status, c.End.Format(time.TimeOnly))
	for _, t := range c.AgentTimes() {
		fmt.Println(t.UserID, "talked for", t.Connected)
	}
	// Output:
	// Ended 09:01:00
	// user-a talked for 1m0s
}

// A record names the caller in the session, whoever else is silent about it.
func ExampleConversation_Customer() {
	c := &conversation.Conversation{ID: "c-1", OriginatingDirection: conversation.Inbound, Participants: []*conversation.Participant{
		{ID: "p-1", Purpose: conversation.PurposeCustomer, Sessions: []*conversation.Session{
			{ID: "s-1", MediaType: conversation.MediaVoice, ANI: "tel:+31612345678", DNIS: "tel:+31201234567"}}}}}
	switch customer, known := c.Customer(); {
	case !known:
		fmt.Println("nobody has said it yet")
	case customer.Withheld:
		fmt.Println("withheld")
	default:
		fmt.Println(customer.Address, "in", customer.SessionID)
	}
	// Output: +31612345678 in s-1
}

func ExampleParseDisconnectType() {
	for _, spelling := range []string{"CONSULT_TRANSFER", "transfer.consult", "consultTransfer"} {
		fmt.Println(conversation.ParseDisconnectType(spelling))
	}
	// Output:
	// consultTransfer
	// consultTransfer
	// consultTransfer
}

func ExampleDiff() {
	known := conversation.Merge(nil, conversation.State(&conversation.Conversation{ID: "c-1", Participants: []*conversation.Participant{
		{ID: "p-1", Purpose: conversation.PurposeCustomer, Sessions: []*conversation.Session{{ID: "s-1", MediaType: conversation.MediaVoice}}}}},
		conversation.Statement{By: conversation.SourceTopic}))
	said := conversation.State(&conversation.Conversation{ID: "c-1", Participants: []*conversation.Participant{
		{ID: "p-2", Purpose: conversation.PurposeACD}}}, conversation.Statement{By: conversation.SourceTopic})
	delta := conversation.Diff(known, conversation.Merge(known, said))
	fmt.Println(delta.Size(), "row to write: participant", delta.Participants[0].ID)
	// Output: 1 row to write: participant p-2
}
