package outbox

import (
	"time"

	"github.com/dcmkit/convtrack/store"
)

// holdings are the deliveries that this process holds. They have no lock of their
// own.
type holdings struct {
	since  map[store.DeliveryKey]held
	byHook map[string]int
}

// held is since when a delivery is held, and since when its present lease runs.
type held struct{ since, lease time.Time }

func newHoldings() holdings {
	return holdings{since: map[store.DeliveryKey]held{}, byHook: map[string]int{}}
}

func (h *holdings) count() int { return len(h.since) }

// add holds a delivery whose lease begins at the time or later; false when it
// is held already.
func (h *holdings) add(key store.DeliveryKey, at time.Time) bool {
	if _, held := h.since[key]; held {
		return false
	}
	h.since[key] = held{at, at}
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

func (h *holdings) has(key store.DeliveryKey) bool {
	_, held := h.since[key]
	return held
}

// keys returns what is held.
func (h *holdings) keys() []store.DeliveryKey {
	keys := make([]store.DeliveryKey, 0, len(h.since))
	for key := range h.since {
		keys = append(keys, key)
	}
	return keys
}

// renewed says, now, that the leases of those deliveries began anew at the time. It
// says nothing of one that had ended before now: somebody else may have claimed that.
func (h *holdings) renewed(keys []store.DeliveryKey, at, now time.Time, lease time.Duration) {
	for _, key := range keys {
		if is := h.since[key]; is.lease.Before(at) && h.leased(key, now, lease) {
			is.lease = at
			h.since[key] = is
		}
	}
}

// leased reports whether the lease of the delivery has surely not ended. A
// process that was stopped for a while finds out by its clocks: the wall clock
// goes on while the machine sleeps, the other one is not set.
func (h *holdings) leased(key store.DeliveryKey, now time.Time, lease time.Duration) bool {
	is, held := h.since[key]
	return held && runs(is.lease, now, lease)
}

// runs reports whether a lease that began at the time runs now, by both clocks.
func runs(since, now time.Time, lease time.Duration) bool {
	return now.Sub(since) < lease && now.Round(0).Sub(since.Round(0)) < lease
}

// oldest returns since when the oldest delivery of each hook is held.
func (h *holdings) oldest() map[string]time.Time {
	oldest := make(map[string]time.Time, len(h.byHook))
	for key, is := range h.since {
		if known, found := oldest[key.Hook]; !found || is.since.Before(known) {
			oldest[key.Hook] = is.since
		}
	}
	return oldest
}
