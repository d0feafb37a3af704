package outbox

import (
	"context"

	"github.com/dcmkit/convtrack/store"
)

// without returns the context of a hook that runs in no transaction. That it asks
// for one all the same is logged, once for each hook.
func (o *Outbox) without(ctx context.Context, hook string) context.Context {
	return store.WithoutTransaction(ctx, func() {
		if _, logged := o.asked.LoadOrStore(hook, true); !logged {
			o.Log.Warn("an After hook asks for the store's transaction, and runs in none: register it with events.InTransaction(), or as a Before hook", "hook", hook)
		}
	})
}
