package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
)

// selection are the flags that select what has failed.
type selection struct {
	query store.FailedQuery
	kind  string
}

func (x *selection) register(f *flag.FlagSet) {
	text := func(to *string, name, usage string) { // an empty one, of a variable that is not set, would select everything
		f.Func(name, usage, func(value string) error {
			if value == "" {
				return errors.New("it is empty; leave the flag out where it is not to select")
			}
			*to = value
			return nil
		})
	}
	text(&x.query.Hook, "hook", "only of the hook of that `NAME`")
	text(&x.query.Type, "type", "only at events of that `TYPE`, as in agent.connected")
	text(&x.query.ConversationID, "conversation", "only of the conversation with that `ID`")
	text(&x.kind, "kind", "only of that `KIND`: delivery (to an After hook) or change (that a Before hook refused)")
	moment := func(to *time.Time) func(string) error {
		return func(text string) (err error) {
			*to, err = time.Parse(time.RFC3339, text)
			if err != nil {
				return errors.New("it is a time as in 2025-01-10T09:00:00Z")
			}
			return nil
		}
	}
	f.Func("from", "only what failed last at that `TIME` or later, as in 2025-01-10T09:00:00Z", moment(&x.query.From))
	f.Func("before", "only what failed last before that `TIME`", moment(&x.query.Before))
}

func (x *selection) check() error {
	switch x.kind {
	case "", string(store.FailedDelivery), string(store.FailedChange):
		return nil
	}
	return wrongUsage("-kind is %q; it is delivery or change", x.kind)
}

// none reports whether nothing is asked for.
func (x *selection) none() bool { return x.query == (store.FailedQuery{}) && x.kind == "" }

// each calls do for what is selected, the oldest first.
func (x *selection) each(ctx context.Context, t *convtrack.Tracker, do func(*store.FailedItem) error) error {
	for item, err := range t.Failed(ctx, x.query) {
		if err != nil {
			return err
		}
		if x.kind != "" && x.kind != string(item.Kind) {
			continue
		}
		if err := do(&item); err != nil {
			return err
		}
	}
	return nil
}

func failedListCommand() *command {
	return &command{
		name: "failed list", args: "[-hook NAME] [-type TYPE] [-conversation ID] [-kind KIND] [-from TIME] [-before TIME] [-stack] [-json]", store: true,
		does: "Lists what has failed, the oldest first: deliveries to After hooks, and changes that Before hooks refused",
		more: "Errors and stacks are shown as the hooks gave them, as logs show them.",
		flags: func(f *flag.FlagSet) action {
			var chosen selection
			chosen.register(f)
			stack := f.Bool("stack", false, "show stacks of panics, too")
			asJSON := f.Bool("json", false, "write a line of JSON for each")
			return func(ctx context.Context, p *program, args []string) error {
				if err := errors.Join(none(args), chosen.check()); err != nil {
					return err
				}
				return p.tracked(ctx, slog.DiscardHandler, func(t *convtrack.Tracker) error {
					n := 0
					err := chosen.each(ctx, t, func(item *store.FailedItem) error {
						n++
						if *asJSON {
							return p.out.json(describe(item, *stack))
						}
						list(p.out, item, *stack)
						return nil
					})
					if err == nil && !*asJSON {
						p.err.say("%d failed", n)
					}
					return err
				})
			}
		},
	}
}

// list writes an item for people.
func list(to *terminal, item *store.FailedItem, stack bool) {
	to.say("%s", item.ID)
	to.say("    hook %s failed %s at %s of conversation %s, last %s", item.Hook, count(item.Attempts, "time", "times"), item.Type, item.ConversationID, at(item.At))
	if !item.Next.IsZero() {
		to.say("    it is tried again by itself %s", at(item.Next))
	}
	to.say("    %s", inLine(item.Error))
	if stack && item.Stack != "" {
		to.paragraph(item.Stack)
	}
}

// failedItem is an item as JSON.
type failedItem struct {
	ID             string           `json:"id"`
	Kind           store.FailedKind `json:"kind"`
	Hook           string           `json:"hook"`
	ConversationID string           `json:"conversationId"`
	EventID        string           `json:"eventId,omitzero"`
	Type           string           `json:"type"`
	Attempts       int              `json:"attempts"`
	Error          string           `json:"error"`
	Stack          string           `json:"stack,omitzero"`
	At             time.Time        `json:"at,omitzero"`
	Since          time.Time        `json:"since,omitzero"`
	Next           time.Time        `json:"next,omitzero"`
}

func describe(item *store.FailedItem, stack bool) failedItem {
	d := failedItem{item.ID, item.Kind, item.Hook, item.ConversationID, item.EventID, item.Type, item.Attempts, item.Error, "", item.At, item.Since, item.Next}
	if stack {
		d.Stack = item.Stack
	}
	return d
}
