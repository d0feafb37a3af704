package main

import (
	"context"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// caseID is the attribute that links a conversation to its case.
const caseID = "caseId"

// register registers the backend's hooks. What they write through pgstore.Tx
// is committed with what they are told of, or not at all.
func register(hooks *events.Hooks, printf func(format string, args ...any)) {
	events.Before(hooks, "link-case", func(ctx context.Context, e *events.ConversationCreated) error {
		customer, known := e.Conversation.Customer()
		switch {
		case !known:
			return nil // tracked for now: a veto would be for good
		case customer.Address == "":
			return events.Veto("the number is withheld") // a case without one is somebody else's
		}
		tx, _ := pgstore.Tx(ctx)
		id, err := caseOf(ctx, tx, customer.Address, e.ConversationID)
		switch {
		case err != nil:
			return err // nothing is stored, and it is tried again
		case id == "":
			return events.Veto("no case")
		}
		e.SetAttribute(caseID, id)
		return nil
	})
	// Who could not be linked at once is linked when an agent answers.
	events.Before(hooks, "link-case-late", func(ctx context.Context, e *events.AgentConnected) error {
		customer, known := e.Conversation.Customer()
		if !known || customer.Address == "" || e.Conversation.Attributes[caseID] != "" {
			return nil
		}
		tx, _ := pgstore.Tx(ctx)
		id, err := caseOf(ctx, tx, customer.Address, e.ConversationID)
		if id != "" {
			e.SetAttribute(caseID, id)
		}
		return err
	})
	events.After(hooks, "case-owner", func(ctx context.Context, e events.Event) error {
		tx, _ := pgstore.Tx(ctx)
		id := e.Head().Conversation.Attributes[caseID]
		owner, err := giveTo(ctx, tx, id, events.AgentAfter(e))
		if err == nil && owner != "" {
			printf("%s: the owner is %s now\n", id, owner)
		}
		return err
	}, events.OfTypes(events.TypeAgentConnected, events.TypeAgentLeft), events.InTransaction())
}
