package convtrack

import (
	"sync"
	"sync/atomic"

	"github.com/dcmkit/convtrack/store"
)

// Stats are counts since the tracker was made, and present levels. Export them
// to whatever system you watch.
type Stats struct {
	Commits      int64            // transactions asked of the store
	Changes      int64            // changes of conversations that were written
	Conflicts    int64            // changes that lost a race and were made again
	StoreErrors  int64            // calls of the store that failed and were repeated
	Events       map[string]int64 // announced, by type
	Vetoed       int64            // conversations that a Before hook did not want
	BeforeFailed int64            // failed tries of Before hooks
	Delivered    int64            // deliveries to After hooks that were done
	AfterFailed  int64            // failed tries of After hooks
	Parked       int64            // changes and deliveries that were parked
	Gaps         int64            // times in which a source was blind
	Losses       int64            // times that could not be read from the API: Gap.Lost

	Pending    int // partial conversations that are accepted and not yet stored
	Deliveries int // deliveries that are held in memory
}

// Stats returns the present counts.
func (t *Tracker) Stats() Stats {
	s := Stats{
		Commits: t.stats.commits.Load(), Changes: t.stats.changes.Load(), Conflicts: t.stats.conflicts.Load(),
		StoreErrors: t.stats.storeErrors.Load(), Vetoed: t.stats.vetoed.Load(), BeforeFailed: t.stats.beforeFailed.Load(),
		Delivered: t.stats.delivered.Load(), AfterFailed: t.stats.afterFailed.Load(), Parked: t.stats.parked.Load(),
		Gaps: t.stats.gaps.Load(), Losses: t.stats.losses.Load(), Events: map[string]int64{},
		Pending: len(t.lanes.places), Deliveries: t.delivery.count(),
	}
	t.stats.mu.Lock()
	defer t.stats.mu.Unlock()
	for k, n := range t.stats.events {
		s.Events[k] = n
	}
	return s
}

type stats struct {
	commits, changes, conflicts, storeErrors, vetoed, beforeFailed, delivered, afterFailed, parked, gaps, losses atomic.Int64

	mu     sync.Mutex
	events map[string]int64
}

func (s *stats) committed(c *store.Change) {
	s.changes.Add(1)
	if c.Vetoed != "" {
		s.vetoed.Add(1)
	}
	if len(c.Events) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events == nil {
		s.events = map[string]int64{}
	}
	for _, e := range c.Events {
		s.events[e.Type]++
	}
}
