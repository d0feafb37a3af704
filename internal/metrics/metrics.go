// Package metrics are the metrics that are read from how a tracker does when
// somebody collects them. What is measured where it happens is in
// internal/telemetry.
package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/internal/telemetry"
)

// Stats are those of convtrack.
type Stats struct {
	Commits      int64
	Changes      int64
	Conflicts    int64
	Duplicates   int64
	StoreErrors  int64
	Events       map[string]int64
	Vetoed       int64
	BeforeFailed int64
	Delivered    int64
	AfterFailed  int64
	Failed       int64
	Gaps         int64
	Losses       int64

	Pending    int
	Deliveries int
}

// Counts are what is counted in memory.
type Counts struct {
	Stats
	Cache record.Usage
	// Of the inbox: what was deposited for others, what was used of theirs, hints
	// that were stored, and conversations that were read after them.
	Deposited, Taken, Hints, Rereads int64
}

// state is what the metrics are read from.
type state struct {
	diagnosis.State
	Counts
}

// askedAgain is how soon a tracker is looked at again by those who collect.
const askedAgain = time.Second

// Watch has the metrics read from the state: how the tracker does, and what it has
// counted. When it is over only the latter is told.
func Watch(t *telemetry.Telemetry, look func(context.Context) diagnosis.State, counts func() Counts, over func() bool) error {
	var mu sync.Mutex
	var last diagnosis.State
	return telemetry.Watch(t, func(ctx context.Context) (state, bool) {
		mu.Lock()
		defer mu.Unlock()
		ended := over()
		if now := time.Now(); !ended && (last.At.IsZero() || now.Sub(last.At) >= askedAgain) {
			last = look(ctx)
		}
		return state{last, counts()}, ended
	}, table)
}
