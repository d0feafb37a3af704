package outbox

import (
	"slices"

	"github.com/dcmkit/convtrack/store"
)

// Holding returns the ids of the conversations of which deliveries are held.
func (o *Outbox) Holding() map[string]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := map[string]bool{}
	for key := range o.held.since {
		ids[key.ConversationID] = true
	}
	return ids
}

// Forget lets go of the deliveries of a conversation that was forgotten: what has
// not begun to run does not. Nobody works on the conversation meanwhile.
func (o *Outbox) Forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for l, queue := range o.lanes {
		if l.conversation != id {
			continue
		}
		for i := range queue {
			o.free(queue[i].Key())
		}
		// The first one may be running. If it has not begun, it finds that it is
		// not held any more.
		first := min(1, len(queue)) // none: it is just done
		o.lanes[l] = queue[:first:first]
	}
	o.outcomes = slices.DeleteFunc(o.outcomes, func(out store.Outcome) bool {
		if out.ConversationID == id {
			o.free(out.Key())
		}
		return out.ConversationID == id
	})
	for l := range o.blocked {
		if l.conversation == id {
			delete(o.blocked, l)
		}
	}
}
