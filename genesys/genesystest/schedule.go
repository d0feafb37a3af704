package genesystest

import (
	"slices"
	"time"
)

// moment is a time at which something is to be sent.
type moment struct {
	at      time.Duration
	live    bool // the conversation changes: snapshots are due
	details bool
	quality bool
}

// schedule returns the moments after last, in order.
func (s *Story) schedule(last time.Duration) []moment {
	at := map[time.Duration]*moment{}
	mark := func(t time.Duration, what func(*moment)) {
		if t <= last || t < 0 {
			return
		}
		if at[t] == nil {
			at[t] = &moment{at: t}
		}
		what(at[t])
	}
	for _, t := range s.Moments() {
		mark(t, func(m *moment) { m.live = true })
	}
	for _, t := range s.detailTimes() {
		mark(t, func(m *moment) { m.details = true })
	}
	for _, e := range s.Evaluations {
		for _, t := range e.times() {
			mark(*t, func(m *moment) { m.quality = true })
		}
	}
	all := make([]moment, 0, len(at))
	for _, m := range at {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b moment) int { return int(a.at - b.at) })
	return all
}
