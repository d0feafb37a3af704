package events

import (
	"context"
	"iter"
	"slices"
	"time"
)

// What is in this file is for trackers, which run hooks. A package that registers hooks needs
// none of it.

// HasBefore reports whether a Before hook takes the event.
func (h *Hooks) HasBefore(e Event) bool {
	return slices.ContainsFunc(h.hooks(), func(k *hook) bool { return k.timing == TimingBefore && k.wants(e) })
}

// BeforeHooks returns the names of the Before hooks that take the event, in
// registration order. It is for trackers.
func (h *Hooks) BeforeHooks(e Event) []string { return h.takers(TimingBefore, e) }

// EachBefore is like BeforeHooks, and asks the filters of a hook when its turn has
// come: those before it may have set attributes. It is for trackers.
func (h *Hooks) EachBefore(e Event) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, k := range h.hooks() {
			if k.timing == TimingBefore && k.wants(e) && !yield(k.name) {
				return
			}
		}
	}
}

// RunBefore runs the named Before hook on the event; one that was removed
// meanwhile does nothing. The error is a *HookError, a *VetoError or, of the
// creation of a conversation, a *NotYetError. It is for
// trackers; ctx carries the store's transaction.
func (h *Hooks) RunBefore(ctx context.Context, name string, e Event) error {
	if k := h.find(TimingBefore, name); k != nil {
		return k.call(ctx, e)
	}
	return nil
}

// Optional reports whether the named Before hook does not decide; see [Optional].
// It is for trackers.
func (h *Hooks) Optional(name string) bool {
	k := h.find(TimingBefore, name)
	return k != nil && k.optional
}

// Tries returns how often the named Before hook is tried, and how long to wait
// after a failed attempt; zero and nil where it does not say so itself. It is for
// trackers.
func (h *Hooks) Tries(name string) (attempts int, backoff func(attempt int) time.Duration) {
	k := h.find(TimingBefore, name)
	if k == nil {
		return 0, nil
	}
	if k.ownAttempts {
		attempts = k.delivery.Attempts
	}
	if k.ownBackoff {
		backoff = k.delivery.Backoff
	}
	return attempts, backoff
}

// AfterHooks returns the names of the After hooks that take the event, in
// registration order. It is for trackers.
func (h *Hooks) AfterHooks(e Event) []string { return h.takers(TimingAfter, e) }

func (h *Hooks) takers(timing Timing, e Event) []string {
	var names []string
	for _, k := range h.hooks() {
		if k.timing == timing && k.wants(e) {
			names = append(names, k.name)
		}
	}
	return names
}

// Names returns the names of all hooks, in registration order. It is for trackers.
func (h *Hooks) Names() []string {
	var names []string
	for _, k := range h.hooks() {
		names = append(names, k.name)
	}
	return names
}

// AfterNames returns the names of all After hooks. It is for trackers.
func (h *Hooks) AfterNames() []string {
	var names []string
	for _, k := range h.hooks() {
		if k.timing == TimingAfter {
			names = append(names, k.name)
		}
	}
	return names
}

// Defined returns the types of events that the host has defined, in the order of
// their definitions. It is for trackers.
func (h *Hooks) Defined() []Type {
	var types []Type
	for _, d := range h.Wants().definitions {
		types = append(types, d.of)
	}
	return types
}

// CanTake reports whether the named After hook can take events of the type. Of a type that
// is not defined in this process nobody knows the data, so it can be that of any hook on
// events of the host's own. Of a hook that is not registered nobody knows what it takes. It
// is for trackers.
func (h *Hooks) CanTake(name string, of Type) bool {
	k := h.find(TimingAfter, name)
	switch {
	case k == nil:
		return true
	case !k.takesOnly(of):
		return false
	case of.kind() >= 0:
		return k.accepts(kinds[of.kind()].empty())
	}
	for _, d := range h.Wants().definitions {
		if d.of == of {
			return k.accepts(d.empty())
		}
	}
	return k.own
}

// RunAfter runs the named After hook on the event. The error is a *HookError,
// or ErrNoHook. It is for trackers.
func (h *Hooks) RunAfter(ctx context.Context, name string, e Event) error {
	k := h.find(TimingAfter, name)
	if k == nil {
		return ErrNoHook
	}
	return k.call(ctx, e)
}

// Delivery says how the tracker is to deliver to an After hook.
type Delivery struct {
	Attempts    int                             // then the delivery has failed for good
	Backoff     func(attempt int) time.Duration // after the given failed attempt, from 1
	Concurrency int                             // conversations at a time
	// InTransaction runs the hook in the transaction that marks the delivery
	// as done.
	InTransaction bool
}

// Delivery returns how to deliver to the named After hook; false when there is
// no such hook. It is for trackers.
func (h *Hooks) Delivery(name string) (Delivery, bool) {
	if k := h.find(TimingAfter, name); k != nil {
		return k.delivery, true
	}
	return Delivery{}, false
}
