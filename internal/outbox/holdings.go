package outbox

import (
	"time"

	"github.com/dcmkit/convtrack/store"
)

// holdings are the deliveries that this process holds, and since when their
// present leases run. They have no lock of their own.
type holdings struct {
	since  map[store.DeliveryKey]time.Time
	byHook map[string]int
}

func newHoldings() holdings {
	return holdings{since: map[store.DeliveryKey]time.Time{}, byHook: map[string]int{}}
}

func (h *holdings) count() int { return len(h.since) }

// add holds a delivery whose lease begins at the time or later; false when it
// is held already.
func (h *holdings) add(key store.DeliveryKey, at time.Time) bool {
	if _, held := h.since[key]; held {
		return false
	}
	h.since[key] = at
	h.byHook[key.Hook]++
	return true
}

// remove holds a delivery no longer; false when it was not held.
func (h *holdings) remove(key store.DeliveryKey) bool {
	if _, held := h.since[key]; !held {
		return false
	}
	delete(h.since, key)
	if h.byHook[key.Hook]--; h.byHook[key.Hook] == 0 {
		delete(h.byHook, key.Hook)
	}
	return true
}

// keys returns what is held.
func (h *holdings) keys() []store.DeliveryKey {
	keys := make([]store.DeliveryKey, 0, len(h.since))
	for key := range h.since {
		keys = append(keys, key)
	}
	return keys
}

// renewed says that the leases of those deliveries began anew at the time.
func (h *holdings) renewed(keys []store.DeliveryKey, at time.Time) {
	for _, key := range keys {
		if since, held := h.since[key]; held && since.Before(at) {
			h.since[key] = at
		}
	}
}

// leased reports whether the lease of the delivery has surely not ended. A
// process that was stopped for a while finds out by its clocks: the wall clock
// goes on while the machine sleeps, the other one is not set.
func (h *holdings) leased(key store.DeliveryKey, now time.Time, lease time.Duration) bool {
	since, held := h.since[key]
	return held && now.Sub(since) < lease && now.Round(0).Sub(since.Round(0)) < lease
}
