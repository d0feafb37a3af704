package genesystest

import "sync/atomic"

// counts tell what has happened to frames and envelopes.
type counts struct {
	requests, sent, dropped, duplicated, reordered atomic.Int64
}

// Counts says how often something has happened, so that a test can tell that a
// fault was met.
type Counts struct {
	Requests   int64
	FramesSent int64
	// Dropped, Duplicated and Reordered are frames and envelopes that a fault met.
	Dropped, Duplicated, Reordered int64
}

// Counts returns what has happened so far.
func (s *Server) Counts() Counts {
	return Counts{s.counts.requests.Load(), s.counts.sent.Load(), s.counts.dropped.Load(), s.counts.duplicated.Load(), s.counts.reordered.Load()}
}
