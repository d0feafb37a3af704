package events

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Timing is when a hook runs.
type Timing string

// The timings.
const (
	TimingBefore Timing = "before"
	TimingAfter  Timing = "after"
)

// Hooks is a registry of hooks. It is safe for concurrent use, also from
// inside a hook: a registration or removal takes effect with the next event.
type Hooks struct {
	mu   sync.Mutex // serialises writers
	list atomic.Pointer[[]*hook]

	definitions atomic.Pointer[[]*definition]
}

// NewHooks returns an empty registry.
func NewHooks() *Hooks { return &Hooks{} }

// hook is one registration. It does not change.
type hook struct {
	options
	name    string
	timing  Timing
	takes   Types
	accepts func(Event) bool
	own     bool // accepts events of the host's own, of some data
	run     func(context.Context, Event) error
	stuck   atomic.Int64 // runs that were given up and have not returned
	hanging atomic.Int64 // questions to the filters that have not returned
}

// Before registers fn to run in line, in registration order, inside the store
// transaction that writes the change. E is one of the pointer types of this
// package, or [Event] for all of them.
//
// An error rolls the change back and the source is not acknowledged; after a
// bounded number of tries ([Attempts], [Backoff], [Timeout]) the change is set
// aside and listed as failed, with all that is heard of the conversation, and no
// other conversation waits for it. It is tried again by itself, with pauses that
// grow to minutes, for a day; see the tracker's Config.RefusedFor. With [Optional]
// the change is made without the hook instead. [Veto] is no error:
// on ConversationCreated the conversation is not tracked at all, on the other
// events the fact is stored but the event is not delivered. Neither is [NotYet] on
// ConversationCreated. The transaction is
// reached through the store's accessor and nothing else; what fn writes with
// it is committed with the event or not at all. fn may run again for the same
// event when its change could not be committed.
//
// The name must be UTF-8 without a zero byte, not empty and not taken: Before
// panics otherwise. remove takes the hook out; runs under way finish. It may be
// called twice.
func Before[E Event](h *Hooks, name string, fn func(ctx context.Context, e E) error, opts ...Option) (remove func()) {
	return register(h, TimingBefore, name, fn, opts)
}

// After registers fn to run after the commit, from a durable outbox: at least
// once, in order within a conversation, in parallel across conversations. E is
// one of the pointer types of this package, or [Event] for all of them.
//
// An error is tried again with backoff and has then failed; until it is retried or
// skipped it holds back only later events of this hook in that conversation.
// fn can run again after a crash, so it must be idempotent: the event's ID is
// the same each time. A run that has been given up after its timeout may still
// be under way when the next one starts, unless fn heeds its context.
//
// The outbox remembers deliveries by the name of the hook: a process that
// registers it again after a restart goes on where the last one stopped. A
// hook gets the events that are committed from its registration on. What waits for
// it, and is of a type that it does not take any more, counts as done, also
// where nobody defines that type any more.
//
// The name must be UTF-8 without a zero byte, not empty and not taken: After
// panics otherwise. remove takes the hook out; runs under way finish. It may be
// called twice.
func After[E Event](h *Hooks, name string, fn func(ctx context.Context, e E) error, opts ...Option) (remove func()) {
	return register(h, TimingAfter, name, fn, opts)
}

func register[E Event](h *Hooks, timing Timing, name string, fn func(context.Context, E) error, opts []Option) (remove func()) {
	if h == nil {
		panic(fmt.Sprintf("events: hook %q is registered with nil Hooks: make them with NewHooks and give them to convtrack.Config.Hooks", name))
	}
	if name == "" {
		panic("events: a hook needs a name: it appears in logs, in the outbox and in what Tracker.Failed lists")
	}
	if !utf8.ValidString(name) || strings.Contains(name, "\x00") {
		panic(fmt.Sprintf("events: the name of the hook %q must be UTF-8 without a zero byte, as stores keep it", name))
	}
	if fn == nil {
		panic(fmt.Sprintf("events: hook %q has no function", name))
	}
	n := &hook{name: name, timing: timing, options: defaults(timing)}
	n.accepts = func(e Event) bool { _, ok := e.(E); return ok }
	var none E
	_, n.own = any(none).(interface{ ofHost() })
	n.own = n.own || n.accepts(&Custom[struct{}]{}) // of whatever data
	n.run = func(ctx context.Context, e Event) error { return fn(ctx, e.(E)) }
	for _, o := range opts {
		if o == nil {
			panic(fmt.Sprintf("events: hook %q has an option that is nil", name))
		}
		o(&n.options)
	}
	n.check()
	for i, k := range kinds {
		if n.takesOnly(k.of) && n.accepts(k.empty()) && (i != kindConversationChanged || n.only != nil || !n.accepts(&ConversationCreated{})) {
			n.takes |= 1 << i
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.hooks()
	if slices.ContainsFunc(old, func(o *hook) bool { return o.name == name }) {
		panic(fmt.Sprintf("events: a hook named %q is registered already; names are unique over all hooks", name))
	}
	h.set(append(slices.Clip(old), n))
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.set(slices.DeleteFunc(slices.Clone(h.hooks()), func(o *hook) bool { return o == n }))
	}
}

func (h *Hooks) hooks() []*hook {
	if l := h.list.Load(); l != nil {
		return *l
	}
	return nil
}

func (h *Hooks) define(d *definition) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.Wants().definitions
	if slices.ContainsFunc(old, func(o *definition) bool { return o.of == d.of }) {
		panic(fmt.Sprintf("events: %q is defined already", d.of))
	}
	l := append(slices.Clip(old), d)
	h.definitions.Store(&l)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		l := slices.DeleteFunc(slices.Clone(h.Wants().definitions), func(o *definition) bool { return o == d })
		h.definitions.Store(&l)
	}
}

func (h *Hooks) set(l []*hook) { h.list.Store(&l) }

func (h *Hooks) find(timing Timing, name string) *hook {
	for _, k := range h.hooks() {
		if k.timing == timing && k.name == name {
			return k
		}
	}
	return nil
}

// wants reports whether the hook takes the event. A filter that gives no answer
// does not decide: the run reports it.
func (k *hook) wants(e Event) bool {
	if of := e.Head().Type; of.kind() >= 0 && !k.takes.Has(of) || !k.accepts(e) || !k.takesOnly(of) {
		return false
	}
	if len(k.filters) == 0 {
		return true
	}
	takes, failed := ask(&k.hanging, answerSoon, func() bool { return k.matches(e) })
	return takes || failed != nil
}
