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
	events.Before(hooks, "demo-link-case", func(ctx context.Context, e *events.ConversationCreated) error {
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
	events.Before(hooks, "demo-link-case-late", func(ctx context.Context, e *events.AgentConnected) error {
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
	events.After(hooks, "demo-case-owner", func(ctx context.Context, e events.Event) error {
		h, userID := e.Head(), events.AgentAfter(e)
		if userID == "" {
			return nil
		}
		tx, _ := pgstore.Tx(ctx)
		id := h.Conversation.Attributes[caseID]
		owner, err := giveTo(ctx, tx, id, h.ConversationID, userID, h.Time)
		if err == nil && owner != "" {
			printf("%s: the owner is %s now\n", id, owner)
		}
		return err
	}, events.OfTypes(events.TypeAgentConnected, events.TypeAgentLeft), events.InTransaction())
}
