package engine

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/dcmkit/convtrack/store"
)

// Announced counts what was committed.
type Announced struct {
	Vetoed atomic.Int64 // conversations

	mu     sync.Mutex
	byType map[string]int64
}

// ByType returns how many events of each type were announced.
func (a *Announced) ByType() map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byType == nil {
		return map[string]int64{}
	}
	return maps.Clone(a.byType)
}

func (a *Announced) count(c *store.Change) {
	if c.Vetoed != "" {
		a.Vetoed.Add(1)
	}
	if len(c.Events) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byType == nil {
		a.byType = map[string]int64{}
	}
	for _, e := range c.Events {
		a.byType[e.Type]++
	}
}
