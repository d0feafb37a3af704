package polling

import (
	"slices"
	"sync"

	"github.com/dcmkit/convtrack/conversation"
)

// recent are the ids of some conversations that were read last. When the platform
// does not answer a question about one conversation, the same question about
// another shows whether the cause concerns all of them.
type recent struct {
	mu  sync.Mutex
	ids []string // the latest mostRecent, the oldest first
}

const mostRecent = 8

func (r *recent) add(list []*conversation.Conversation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list[max(0, len(list)-mostRecent):] {
		if !slices.Contains(r.ids, c.ID) {
			r.ids = append(r.ids, c.ID)
		}
	}
	r.ids = slices.Delete(r.ids, 0, max(0, len(r.ids)-mostRecent))
}

// other returns the latest that is not among ids; "" when there is none.
func (r *recent) other(ids []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range slices.Backward(r.ids) {
		if !slices.Contains(ids, id) {
			return id
		}
	}
	return ""
}
