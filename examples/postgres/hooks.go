package main

import (
	"context"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// caseID is the attribute that links a conversation to its case.
const caseID = "caseId"

// register registers the backend's hooks. What they write through pgstore.Tx
// is committed with what they are told of, or not at all.
func register(hooks *events.Hooks, printf func(format string, args ...any)) {
	events.Before(hooks, "link-case", func(ctx context.Context, e *events.ConversationCreated) error {
		tx, _ := pgstore.Tx(ctx)
		id, err := caseOf(ctx, tx, caller(e.Conversation), e.ConversationID)
		switch {
		case err != nil:
			return err // nothing is stored, and it is tried again
		case id == "":
			return events.Veto("no case")
		}
		e.SetAttribute(caseID, id)
		return nil
	})
	events.After(hooks, "case-owner", func(ctx context.Context, e *events.AgentConnected) error {
		tx, _ := pgstore.Tx(ctx)
		id := e.Conversation.Attributes[caseID]
		owner, err := giveTo(ctx, tx, id, e.UserID)
		if err == nil && owner != "" {
			printf("%s: the owner is %s now\n", id, owner)
		}
		return err
	}, events.InTransaction())
}

// caller is the address of the customer.
func caller(c *conversation.Conversation) string {
	for _, p := range c.Participants {
		if p.Purpose.Side() == conversation.CustomerSide && p.Address != "" {
			return p.Address
		}
	}
	return ""
}
