package app

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/architect"
	"github.com/dcmkit/convtrack/store"
)

// caseID is the attribute that links a conversation to its case.
const caseID = "caseId"

// source names the origin of the events: together with it an id is unique.
const source = "urn:genesys-cloud:conversations"

// ownerAttempts is how often a case is tried to be given to its owner: for half a
// minute, as an agent waits for it; then an operator decides.
const ownerAttempts = 6

// newHooks are what happens when something happens. changed is told when a case
// has another owner, failed when an event cannot be printed.
func newHooks(cases cases, out *lines, changed func(conversationID string), failed func(error)) *events.Hooks {
	hooks := events.NewHooks()
	events.Before(hooks, "link-case", func(ctx context.Context, e *events.ConversationCreated) error {
		id, err := cases.link(ctx, e.ConversationID)
		if err != nil {
			return err // nothing is stored, and it is tried again
		}
		e.SetAttribute(caseID, id)
		return nil
	})
	events.After(hooks, "case-owner", func(ctx context.Context, e events.Event) error {
		h, userID := e.Head(), events.AgentAfter(e)
		if userID == "" {
			return nil
		}
		if err := cases.giveTo(ctx, h.Conversation.Attributes[caseID], owner{userID, h.Time}); err != nil {
			return err
		}
		changed(h.ConversationID) // the panel looks until after the commit
		return nil
	}, events.OfTypes(events.TypeAgentConnected, events.TypeAgentLeft), events.InTransaction(), events.Attempts(ownerAttempts))
	events.After(hooks, "print", func(_ context.Context, e events.Event) error {
		line, err := events.CloudEvent(e, source)
		if err != nil {
			return err
		}
		if err := out.write(line); err != nil {
			failed(err)
			return err // it is printed by who comes next
		}
		return nil
	})
	return hooks
}

// lines writes lines to w, each at once: a process that is killed leaves no half
// of one.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(append(line, '\n'))
	return err
}

// caseOf tells a flow the case of its conversation; empty while it is not known.
func caseOf(tracker *convtrack.Tracker) func(context.Context, architect.Call) (string, error) {
	return func(ctx context.Context, c architect.Call) (string, error) {
		known, err := tracker.Get(ctx, c.ConversationID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return "", nil
		case err != nil:
			return "", err
		}
		return known.Attributes[caseID], nil
	}
}
