package main

import (
	"context"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// caseID is the attribute that links a conversation to its case.
const caseID = "caseId"

// register registers DCM's hooks.
func register(hooks *events.Hooks, cases *Cases, people *People, report func(format string, args ...any)) {
	// DCM tracks the conversations that it is involved in, and no others. The
	// link is stored together with the conversation.
	events.Before(hooks, "link-case", func(_ context.Context, e *events.ConversationCreated) error {
		id := cases.ByCaller(caller(e.Conversation))
		if id == "" {
			return events.Veto("no case")
		}
		e.SetAttribute(caseID, id)
		return nil
	})
	// The case belongs to whom Genesys assigned the conversation. The hook may
	// run again after a crash: setting an owner twice does no harm.
	events.After(hooks, "case-owner", func(ctx context.Context, e *events.AgentConnected) error {
		id := e.Conversation.Attributes[caseID]
		user, found, err := people.User(ctx, e.UserID)
		switch {
		case err != nil:
			return err // it is tried again
		case !found:
			report("%s: the Genesys user %s is no user of DCM; the owner stays", id, e.UserID)
		case cases.SetOwner(id, user.Name):
			report("%s: the owner is %s now", id, user.Name)
		}
		return nil
	})
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
