package polling

import "sync/atomic"

// Stats are counters since New, and gauges. Export them to your monitoring.
type Stats struct {
	Discovered int64 // records read while looking for new conversations, repeats included
	Followed   int64 // records of open conversations read
	Repaired   int64 // gaps repaired
	Late       int64 // records of ended conversations read again
	Active     int64 // records read by jobs
	Failures   int64 // reads that failed; they are repeated
	Malformed  int64 // parts of answers that were not understood and left out, repeats included
	Lost       int64 // intervals that the platform refused to answer for

	Open int // conversations that are followed
}

type counters struct {
	discovered, followed, repaired, late, active, failures, lost atomic.Int64
}

// Stats returns the present values.
func (s *Source) Stats() Stats {
	return Stats{
		Discovered: s.stats.discovered.Load(), Followed: s.stats.followed.Load(), Repaired: s.stats.repaired.Load(),
		Late: s.stats.late.Load(), Active: s.stats.active.Load(), Failures: s.stats.failures.Load(),
		Malformed: s.reader.malformed.count.Load(), Lost: s.stats.lost.Load(), Open: s.open.len(),
	}
}
