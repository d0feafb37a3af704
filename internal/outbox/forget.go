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
// not begun to run does not, also where the commit of a change is not over yet that
// was before. Once nobody works on the conversation it is called again: then nothing
// more of it comes.
func (o *Outbox) Forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range o.held.since { // of a reservation, which is in no lane yet
		if key.ConversationID == id {
			o.free(key)
		}
	}
	for l, queue := range o.lanes {
		if l.conversation != id {
			continue
		}
		// The first one may be running. If it has not begun, it finds that it is
		// not held any more.
		first := min(1, len(queue)) // none: it is just done
		o.lanes[l] = queue[:first:first]
	}
	o.outcomes = slices.DeleteFunc(o.outcomes, func(out store.Outcome) bool { return out.ConversationID == id })
	for l := range o.blocked {
		if l.conversation == id {
			delete(o.blocked, l)
		}
	}
}
