package convtrack

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
)

// isNil reports whether there is nothing in a value, also when it has a type.
func isNil(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// sayOnceOfTransactions returns a context for all that runs: a hook in a
// transaction that asks for that of another store is told so in the log, once.
func (t *Tracker) sayOnceOfTransactions(ctx context.Context) context.Context {
	var once sync.Once
	return store.WithoutTransaction(ctx, func() {
		once.Do(func() {
			t.log.Warn("a hook asks for the transaction of a store that the tracker does not have: use the Tx of the package whose store New was given, and none with memstore",
				"store", fmt.Sprintf("%T", t.store))
		})
	})
}

// sayHooksAgain is how often it is said again what is wrong with hooks.
const sayHooksAgain = time.Hour

// sayOfHooks logs what no event reaches, and what only some of the processes that
// share the store have registered: when Run begins, when processes come and go,
// when this one registers other hooks, and now and then.
func (t *Tracker) sayOfHooks(ctx context.Context) {
	for _, hook := range t.config.Hooks.Unreached() {
		t.log.Warn("a hook takes a type of events that nothing is registered for, so it never runs for it: register it with events.Define before Run, or mend its events.OfTypes", "hook", hook)
	}
	last := map[string]time.Time{}
	for ctx.Err() == nil {
		changed, hooks := t.engine.Membership.Changed(), t.config.Hooks.AfterNames()
		t.compareHooks(ctx, func(what, message string, args ...any) {
			if at, said := last[what]; !said || time.Since(at) >= sayHooksAgain {
				last[what] = time.Now()
				t.log.Warn(message, args...)
			}
		})
		t.untilHooksChange(ctx, changed, hooks)
	}
}

// compareHooks says what not all processes have registered.
func (t *Tracker) compareHooks(ctx context.Context, say func(what, message string, args ...any)) {
	members, err := t.engine.Membership.Members(ctx)
	if err != nil {
		return // those who depend on the store say so
	}
	for of, without := range membership.Undefined(members) {
		say("type "+of, "a type of events is not defined in all processes that share the store: of conversations that the others look after its facts are not announced; register it with events.Define in every process",
			"type", of, "not defined in", without)
	}
	backlog, err := diagnosis.Lags(ctx, t.store)
	if err != nil {
		return
	}
	for _, m := range members {
		if m.Holding != nil && m.Name != t.config.Instance {
			for _, hook := range m.Holding.Hooks {
				delete(backlog, hook)
			}
		}
	}
	for _, hook := range t.config.Hooks.AfterNames() {
		delete(backlog, hook)
	}
	for _, hook := range slices.Sorted(maps.Keys(backlog)) {
		say("hook "+hook, "deliveries wait for an After hook that no running process has registered: was it renamed or removed? Register it again under this name, with a function that does nothing to give them up",
			"hook", hook, "deliveries", backlog[hook].Unfinished)
	}
}

// untilHooksChange returns when there may be something new to say of the hooks.
func (t *Tracker) untilHooksChange(ctx context.Context, changed <-chan struct{}, hooks []string) {
	again := time.Now().Add(sayHooksAgain)
	for time.Now().Before(again) && slices.Equal(t.config.Hooks.AfterNames(), hooks) {
		select {
		case <-time.After(t.config.Lease):
		case <-changed:
			return
		case <-ctx.Done():
			return
		}
	}
}
