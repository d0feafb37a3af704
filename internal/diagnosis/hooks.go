package diagnosis

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/internal/membership"
)

// hooksAgain is how often it is said again what is wrong with hooks.
const hooksAgain = time.Hour

// WatchHooks logs what no event reaches, and what only some of the processes that
// share the store have registered: at once, when processes come and go, when this
// one registers other hooks, and each hour. It returns when ctx ends.
func (d *Diagnosis) WatchHooks(ctx context.Context) {
	for _, hook := range d.Unreached() {
		d.Log.Warn("a hook takes a type of events that nothing is registered for, so it never runs for it: register it with events.Define before Run, or mend its events.OfTypes", "hook", hook)
	}
	last := map[string]time.Time{}
	for ctx.Err() == nil {
		changed, hooks := d.Members.Changed(), d.Hooks()
		d.compareHooks(ctx, func(what, message string, args ...any) {
			if at, known := last[what]; !known || time.Since(at) >= hooksAgain {
				last[what] = time.Now()
				d.Log.Warn(message, args...)
			}
		})
		d.untilHooksChange(ctx, changed, hooks)
	}
}

// compareHooks says what not all processes have registered.
func (d *Diagnosis) compareHooks(ctx context.Context, say func(what, message string, args ...any)) {
	members, err := d.Members.Members(ctx)
	if err != nil {
		return // those who depend on the store say so
	}
	for of, without := range membership.Undefined(members) {
		say("type "+of, "a type of events is not defined in all processes that share the store: of conversations that the others look after its facts are not announced; register it with events.Define in every process",
			"type", of, "not defined in", without)
	}
	backlog, err := d.lags(ctx)
	if err != nil {
		return
	}
	has := d.owners(members)
	for _, hook := range slices.Sorted(maps.Keys(backlog)) {
		if !has.orphaned(hook) {
			continue
		}
		say("hook "+hook, "deliveries wait for an After hook that no running process has registered: was it renamed or removed? Register it again under this name to give them up, with a function that does nothing, on *events.ConversationCreated: what a hook does not take counts as done",
			"hook", hook, "deliveries", backlog[hook].Unfinished)
	}
}

// untilHooksChange returns when there may be something new to say of the hooks.
func (d *Diagnosis) untilHooksChange(ctx context.Context, changed <-chan struct{}, hooks []string) {
	again := time.Now().Add(hooksAgain)
	for time.Now().Before(again) && slices.Equal(d.Hooks(), hooks) {
		select {
		case <-time.After(d.Lease):
		case <-changed:
			return
		case <-ctx.Done():
			return
		}
	}
}
