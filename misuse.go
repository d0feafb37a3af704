package convtrack

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// isNil reports whether there is nothing in a source, also when it has a type.
func isNil(s Source) bool {
	if s == nil {
		return true
	}
	v := reflect.ValueOf(s)
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

// checkBacklog is how often it is looked whether deliveries wait for hooks that
// are not there.
const checkBacklog = time.Hour

// sayOfHooks logs what no event reaches, and now and then what waits for a hook that
// this process does not have.
func (t *Tracker) sayOfHooks(ctx context.Context) {
	for _, hook := range t.config.Hooks.Unreached() {
		t.log.Warn("a hook takes a type of events that nothing is registered for, so it never runs for it: register it with events.Define before Run, or mend its events.OfTypes", "hook", hook)
	}
	for ctx.Err() == nil {
		if backlog, err := t.store.Backlog(ctx); err == nil { // if not, those who depend on the store say so
			for _, hook := range slices.Sorted(maps.Keys(backlog)) {
				if !slices.Contains(t.config.Hooks.AfterNames(), hook) {
					t.log.Warn("deliveries wait for an After hook that is not registered in this process: was it renamed or removed? Register it again under this name, with a function that does nothing to give them up; no harm if another process has it",
						"hook", hook, "deliveries", backlog[hook])
				}
			}
		}
		select {
		case <-time.After(checkBacklog):
		case <-ctx.Done():
		}
	}
}
