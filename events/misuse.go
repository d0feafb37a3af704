package events

import (
	"fmt"
	"slices"
)

// check says in a sentence, as a panic, which options of a hook contradict each
// other, or would be ignored.
func (k *hook) check() {
	say := func(format string, args ...any) {
		panic(fmt.Sprintf("events: hook %q "+format, append([]any{k.name}, args...)...))
	}
	usual := defaults(k.timing).delivery
	switch {
	case k.optional && k.timing == TimingAfter:
		say("is an After hook, which never holds anything back: Optional is for Before hooks")
	case k.optional && (k.ownAttempts || k.ownBackoff):
		say("is Optional, so it is not tried again: Attempts and Backoff are for hooks that decide")
	case k.delivery.InTransaction && k.timing == TimingBefore:
		say("is a Before hook, which always runs in the transaction: InTransaction is for After hooks")
	case k.delivery.Concurrency != usual.Concurrency && k.timing == TimingBefore:
		say("is a Before hook: Concurrency is for After hooks; Config.BeforeWorkers says for how many conversations Before hooks run at a time")
	case k.timeout <= 0:
		say("has a Timeout of %v; it must be positive, or left out for the default", k.timeout)
	case k.delivery.Attempts < 1:
		say("has Attempts(%d); it is tried at least once", k.delivery.Attempts)
	case k.delivery.Concurrency < 1:
		say("has Concurrency(%d); it must be at least 1", k.delivery.Concurrency)
	case k.delivery.Backoff == nil:
		say("has a nil Backoff; see Exponential")
	case slices.ContainsFunc(k.filters, func(f Filter) bool { return f == nil }):
		say("has a nil filter in When")
	case k.only != nil && len(k.only) == 0:
		say("has OfTypes without a type, so that it would never run")
	}
	for _, of := range k.only {
		if kind := of.kind(); kind >= 0 && !k.accepts(kinds[kind].empty()) {
			say("has OfTypes(%q), but its function takes no such event, so that it would never run for it", of)
		}
	}
}

// Unreached returns the names of the hooks that no event can reach: their type, or
// one of their OfTypes, is of the host's own, and nothing is registered for it
// with [Define]. It is for trackers, which say so when they begin.
func (h *Hooks) Unreached() (names []string) {
	definitions := h.Wants().definitions
	for _, k := range h.hooks() {
		known := func(of Type) bool {
			return of.kind() >= 0 || slices.ContainsFunc(definitions, func(d *definition) bool { return d.of == of && k.accepts(d.empty()) })
		}
		some := slices.ContainsFunc(definitions, func(d *definition) bool { return k.takesOnly(d.of) && k.accepts(d.empty()) })
		if k.takes == 0 && !some || slices.ContainsFunc(k.only, func(of Type) bool { return !known(of) }) {
			names = append(names, k.name)
		}
	}
	return names
}
