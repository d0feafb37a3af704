package notifications

import (
	"slices"
	"sync"
	"time"
)

// elsewhere is what other processes hear now, as far as they have recorded it. It is
// safe for concurrent use.
type elsewhere struct {
	mu    sync.Mutex
	parts partitionSet
	at    time.Time // when this was so
}

// note notes what the processes that count have recorded, of those that select the same
// topics.
func (e *elsewhere) note(is signs, by selection, counts func(owner string) bool, now time.Time) {
	var parts partitionSet
	for _, one := range is {
		if one.Topics == by.Topics && now.Sub(one.At) < fresh && counts(one.Owner) {
			parts = parts.with(one.Partitions)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.parts, e.at = parts, now
}

// hears reports whether others hear all these partitions.
func (e *elsewhere) hears(parts []int, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Sub(e.at) < fresh && !slices.ContainsFunc(parts, func(p int) bool { return !e.parts.has(p) })
}
