package main

import (
	"context"

	"github.com/dcmkit/convtrack/events"
)

// caseID is the attribute that links a conversation to its case.
const caseID = "caseId"

// register registers DCM's hooks.
func register(hooks *events.Hooks, cases *Cases, people *People, report func(format string, args ...any)) {
	// DCM tracks the conversations that it is involved in, and no others. The
	// link is stored together with the conversation. While nobody has said who
	// the customer is the conversation is tracked: a veto would be for good.
	events.Before(hooks, "link-case", func(_ context.Context, e *events.ConversationCreated) error {
		customer, known := e.Conversation.Customer()
		if !known {
			return nil
		}
		id := cases.ByCaller(customer.Address)
		if id == "" {
			return events.Veto("no case")
		}
		e.SetAttribute(caseID, id)
		return nil
	})
	// Who could not be linked at once is linked when an agent answers.
	events.Before(hooks, "link-case-late", func(_ context.Context, e *events.AgentConnected) error {
		customer, _ := e.Conversation.Customer()
		if id := cases.ByCaller(customer.Address); id != "" && e.Conversation.Attributes[caseID] == "" {
			e.SetAttribute(caseID, id)
		}
		return nil
	})
	// The case belongs to whom Genesys assigned the conversation. The hook may
	// run again after a crash: setting an owner twice does no harm. It is one hook for
	// both types of events, as their order holds within a hook.
	events.After(hooks, "case-owner", func(ctx context.Context, e events.Event) error {
		h, userID := e.Head(), events.AgentAfter(e)
		id := h.Conversation.Attributes[caseID]
		if id == "" || userID == "" {
			return nil
		}
		user, found, err := people.User(ctx, userID)
		switch {
		case err != nil:
			return err // it is tried again
		case !found:
			report("%s: the Genesys user %s is no user of DCM; the owner stays", id, userID)
		case cases.SetOwner(id, user.Name, h.ConversationID, h.Time):
			report("%s: the owner is %s now", id, user.Name)
		}
		return nil
	}, events.OfTypes(events.TypeAgentConnected, events.TypeAgentLeft))
}
