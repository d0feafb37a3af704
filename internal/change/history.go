package change

import (
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
)

func waits(r *record.Record) func(id string) bool {
	return func(id string) bool { _, waits := r.Pending(id); return waits }
}

// history is what had happened in a conversation before a change. The further
// events are announced where a hook takes them: of what had happened when
// nobody did, nothing is told.
type history struct {
	of    *conversation.Conversation
	wants events.Wanted
	// What was announced, under whatever id, was not passed over.
	announced func(id string) bool
	ids       map[string]bool // nil until somebody asks
}

func (y *history) has(h *events.Header) bool {
	if y.of == nil {
		return false
	}
	if y.ids == nil {
		y.ids = map[string]bool{}
		for _, e := range events.Unannounced(y.of, y.wants, y.announced) {
			if e.Head().Type.Further() {
				y.ids[e.Head().ID] = true
			}
		}
	}
	return h.Known(func(id string) bool { return y.ids[id] })
}
