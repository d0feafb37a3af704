// Package dryrun compares what today's rules and hooks say of the conversations in
// a store with what was announced of them, without writing anything.
package dryrun

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Difference is what today's rules and hooks say of a conversation otherwise than
// what was announced of it.
type Difference struct {
	ConversationID string
	// Added would be announced and were not.
	Added []Addition
	// Dropped were announced and would not be.
	Dropped []store.LoggedEvent
	// Changed are announced with other data or another time.
	Changed []Alteration
	// Failed are the types whose function, of [events.Define], panics on the
	// conversation or does not return, and why. Nothing is said of their events.
	Failed map[events.Type]error
}

// Addition is an event that would be announced, and the hooks that would run on it,
// in the order of their registration.
type Addition struct {
	Event         events.Event
	Before, After []string
}

// Alteration is an event that would be announced otherwise.
type Alteration struct {
	Event  events.Event      // as it would be
	Logged store.LoggedEvent // as it was
	Fields []string          // the members of its data that differ, and "time"
}

// Empty reports whether there is no difference.
func (d *Difference) Empty() bool {
	return len(d.Added)+len(d.Dropped)+len(d.Changed)+len(d.Failed) == 0
}

// Compare compares what the rules of this version, and the hooks and definitions
// given, imply of the conversations in a store with what was announced of them: to
// see what a new version, or a changed definition, would do. It writes nothing
// and runs no hook. It yields one Difference for each conversation that the query
// selects, also an empty one, and ends after an error.
//
// What waits to settle, lies ahead or belongs to one version of a conversation
// ([events.ConversationChanged]) is left out, and so are types that hooks does not
// define, and what was announced of an earlier wrap-up code or release. Data
// differs also where more is known now than when the event was announced. Events of a
// further type are added where no hook took them when they happened.
func Compare(ctx context.Context, s store.Store, hooks *events.Hooks, q store.Query) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		for {
			page, err := s.List(ctx, q)
			if err != nil {
				yield(Difference{}, err)
				return
			}
			ids := make([]string, len(page.Conversations))
			for i, c := range page.Conversations {
				ids[i] = c.ID
			}
			records, err := s.Load(ctx, ids...)
			if err != nil {
				yield(Difference{}, err)
				return
			}
			for i := range records {
				d, err := difference(ctx, s, hooks, &records[i])
				if !yield(d, err) || err != nil {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

func difference(ctx context.Context, s store.Store, hooks *events.Hooks, r *store.Record) (Difference, error) {
	d := Difference{ConversationID: r.ID}
	if r.Conversation == nil {
		return d, nil // it was forgotten meanwhile
	}
	logged, err := s.Events(ctx, r.ID)
	if err != nil {
		return d, fmt.Errorf("conversation %q: %w", r.ID, err)
	}
	old := make(map[string]store.LoggedEvent, len(logged))
	for _, l := range logged {
		if l.Seq <= r.LastSeq { // else it was announced since the record was read
			old[l.ID] = l
		}
	}
	wants := hooks.Wants()
	wants.Failed = func(of events.Type, err error, _ string) {
		if d.Failed == nil {
			d.Failed = map[events.Type]error{}
		}
		d.Failed[of] = err
	}
	implied := events.Unannounced(r.Conversation, wants, func(string) bool { return false })
	for _, e := range implied {
		h := e.Head()
		id := h.ID
		if !known(old, id) {
			id = firstOf(old, h.Aliases())
		}
		switch l, was := old[id]; {
		case was:
			delete(old, id)
			fields, err := differ(e, l)
			if err != nil {
				return d, err
			}
			if len(fields) > 0 {
				d.Changed = append(d.Changed, Alteration{e, l, fields})
			}
		case h.NotBefore().After(time.Now()), slices.ContainsFunc(r.Pending, func(p store.Pending) bool { return p.EventID == h.ID }):
		default:
			d.Added = append(d.Added, Addition{e, hooks.BeforeHooks(e), hooks.AfterHooks(e)})
		}
	}
	for _, l := range logged {
		if d.Failed[events.Type(l.Type)] == nil && known(old, l.ID) && derivable(hooks, r.Conversation, l, implied) {
			d.Dropped = append(d.Dropped, l)
		}
	}
	return d, nil
}

func known(log map[string]store.LoggedEvent, id string) bool { _, is := log[id]; return is }

func firstOf(log map[string]store.LoggedEvent, ids []string) string {
	for _, id := range ids {
		if known(log, id) {
			return id
		}
	}
	return ""
}

// derivable reports whether an event that was announced would be derived again, if
// the rules were as they were then.
func derivable(hooks *events.Hooks, c *conversation.Conversation, l store.LoggedEvent, implied []events.Event) bool {
	e, err := hooks.Decode(events.Header{ID: l.ID, Type: events.Type(l.Type), Time: l.Time, ConversationID: l.ConversationID, Conversation: c}, l.Data)
	if err != nil {
		return false // a type that is not defined here
	}
	switch e := e.(type) {
	case *events.ConversationChanged:
		return false
	case *events.AgentWrappedUp: // the code was corrected
		return !slices.ContainsFunc(implied, func(i events.Event) bool {
			now, is := i.(*events.AgentWrappedUp)
			return is && now.SessionID == e.SessionID
		})
	case *events.EvaluationReleased: // it was released anew
		return !slices.ContainsFunc(implied, func(i events.Event) bool {
			now, is := i.(*events.EvaluationReleased)
			return is && now.EvaluationID == e.EvaluationID
		})
	}
	of := e.Head().Type
	return !of.Further() || len(hooks.BeforeHooks(e))+len(hooks.AfterHooks(e)) > 0 // else nobody derives it
}

// differ returns the members of the data in which an event differs from what was
// announced.
func differ(e events.Event, l store.LoggedEvent) (fields []string, err error) {
	data, err := events.Encode(e)
	if err != nil {
		return nil, err
	}
	var is, was map[string]json.RawMessage
	if err := json.Unmarshal(data, &is); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(l.Data, &was); err != nil {
		return nil, fmt.Errorf("the data of event %s: %w", l.ID, err)
	}
	names := maps.Clone(is)
	maps.Copy(names, was)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !sameJSON(is[name], was[name]) {
			fields = append(fields, name)
		}
	}
	if !e.Head().Time.Truncate(time.Microsecond).Equal(l.Time.Truncate(time.Microsecond)) {
		fields = append(fields, "time")
	}
	return fields, nil
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
