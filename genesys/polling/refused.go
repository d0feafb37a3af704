package polling

import (
	"slices"
	"sync"
	"time"
)

// refusedIDs are conversations whose records the platform refuses to give. They
// are not asked for again for askAgainAfter, as one refused id makes the platform
// refuse the whole list of a hundred.
type refusedIDs struct {
	mu    sync.Mutex
	until map[string]time.Time
}

const askAgainAfter = time.Hour

func newRefusedIDs() *refusedIDs { return &refusedIDs{until: map[string]time.Time{}} }

func (r *refusedIDs) add(id string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[id] = now.Add(askAgainAfter)
}

// without returns the ids that may be asked for.
func (r *refusedIDs) without(ids []string, now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.until) == 0 {
		return ids
	}
	for id, until := range r.until {
		if !now.Before(until) {
			delete(r.until, id)
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !r.until[id].IsZero() })
}
