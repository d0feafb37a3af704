package events

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/conversation"
)

// Fact is what a definition finds in a conversation; see [Define].
type Fact[D any] struct {
	// Key tells the fact from others of its type in the conversation: the id of
	// a session, a number. It makes the id of the event; it may be empty where
	// there can be only one.
	Key string
	// Time is when the fact happened, or when it will: an event whose time lies
	// ahead is announced when it has come, if the fact is still found then. Zero
	// means the latest time that the conversation knows of.
	Time time.Time
	// Data is what there is to say about it. It must encode to JSON and back, so a NaN is
	// none.
	Data D
}

// Custom is an event of the host's own, of the type that [Define] gave it. Two
// types of events with data of one type are told apart with [OfTypes].
type Custom[D any] struct {
	Header
	Data D `json:"data"`
}

func (e *Custom[D]) copied() Event { return copyOf(e) }

func (*Custom[D]) ofHost() {}

// RuleDefined is the rule of what a definition of the host's found.
const RuleDefined Rule = "defined"

// Define registers a type of events of the host's own. find says which facts
// the state of a conversation implies; each is announced once, through the same
// outbox as Common Events, to the hooks that take *Custom[D] or [Event].
//
// find must be pure: the same conversation gives the same facts, whatever the
// time is and how often it is asked, and the conversation must not be changed. A
// fact that lies ahead is a timer without a ticker: it is kept with the
// conversation, survives restarts, moves when its time changes and goes when it
// is not found any more. So "a customer has waited for a minute" is a fact one
// minute after the beginning of each visit to a queue that has not ended before:
//
//	events.Define(hooks, "customer.waiting", func(c *conversation.Conversation) (found []events.Fact[Waiting]) {
//		legs := c.Legs()
//		for i := range legs {
//			l := &legs[i]
//			if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
//				found = append(found, events.Fact[Waiting]{Key: l.Session.ID, Time: at, Data: Waiting{l.Session.QueueID}})
//			}
//		}
//		return found
//	})
//
// What had happened in a conversation before the type was defined is not told
// later. A find that panics, or does not return within seconds, finds nothing then; the
// tracker logs it. What waits goes on waiting meanwhile, and find is asked again
// within five minutes of its time. The same holds for a fact whose data cannot be encoded.
//
// The type must be text without a zero byte and no type of this package, and not
// defined already: Define panics otherwise. It is registered before the tracker
// runs, in every process that shares the store. Where one has it and another has
// not, the facts of conversations that the latter looks after are not announced,
// nor are its timers kept; the log and the tracker's Health of both name the type.
// A delivery that comes to a process without the type waits there, and is no
// failure of its hook; where the hook takes other types alone it waits for an hour, in
// which an update may go on. remove takes the type out again; it may be called twice.
func Define[D any](h *Hooks, of Type, find func(c *conversation.Conversation) []Fact[D]) (remove func()) {
	switch {
	case h == nil:
		panic(fmt.Sprintf("events: %q is defined with nil Hooks: make them with NewHooks and give them to convtrack.Config.Hooks", of))
	case of == "" || !utf8.ValidString(string(of)) || strings.Contains(string(of), "\x00"):
		panic(fmt.Sprintf("events: the type %q of an event must be text without a zero byte", of))
	case of.kind() >= 0:
		panic(fmt.Sprintf("events: %q is a type of this package; a type of one's own needs another name", of))
	case find == nil:
		panic(fmt.Sprintf("events: the definition of %q has no function", of))
	}
	n := &definition{of: of, empty: func() Event { return &Custom[D]{} }}
	n.derive = func(d *deriver) *unanswered {
		facts, failed := ask(&n.hanging, answerLate, func() []Fact[D] { return find(d.c) })
		found := map[string]bool{}
		for _, f := range facts {
			if found[f.Key] {
				continue
			}
			found[f.Key] = true
			head := d.add(&Custom[D]{Data: f.Data}, of, RuleDefined, f.Time.UTC(), Settled, "defined", f.Key)
			if !f.Time.IsZero() {
				head.notBefore = head.Time
			}
		}
		return failed
	}
	return h.define(n)
}

// definition is a type of events of the host's own. It does not change.
type definition struct {
	of      Type
	empty   func() Event
	derive  func(*deriver) *unanswered
	hanging atomic.Int64 // calls of the host's function that have not returned
}

// defined derives the events of a definition. One whose function fails has none.
func (d *deriver) defined(of *definition) {
	if failed := of.derive(d); failed != nil && d.wants.Failed != nil {
		d.wants.Failed(of.of, failed.error, failed.stack)
	}
}
