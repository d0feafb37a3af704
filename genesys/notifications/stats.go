package notifications

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Stats are counts since the source was made, and present levels. Export them
// to whatever system you watch.
type Stats struct {
	Frames      int64 // that arrived, heartbeats included
	Heartbeats  int64
	Undecodable int64 // frames that were not understood, or not all of them
	Dropped     int64 // conversations that were not taken, as too many waited
	Reconnects  int64 // times a socket was lost
	Gaps        int64 // announcements of gaps

	Topics    int       // subscribed now
	Channels  int       // in use
	Listening int       // channels that hear now
	Pending   int       // conversations that wait for the store
	LastHeard time.Time // when the last frame arrived; zero: none yet
	Refused   []Refusal // topics that the platform refused
}

type counters struct {
	frames, heartbeats, undecodable, dropped, reconnects, gaps atomic.Int64

	mu      sync.Mutex
	refused []Refusal
}

func (c *counters) refuse(r Refusal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refused) < MostTopics {
		c.refused = append(c.refused, r)
	}
}

// Stats returns the present counts.
func (s *Source) Stats() Stats {
	is := Stats{
		Frames: s.stats.frames.Load(), Heartbeats: s.stats.heartbeats.Load(), Undecodable: s.stats.undecodable.Load(),
		Dropped: s.stats.dropped.Load(), Reconnects: s.stats.reconnects.Load(), Gaps: s.stats.gaps.Load(),
	}
	s.stats.mu.Lock()
	is.Refused = slices.Clone(s.stats.refused)
	s.stats.mu.Unlock()
	select {
	case <-s.started:
		is.Pending = s.inbox.len()
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	is.Topics, is.Channels = len(s.places), len(s.lines)
	for _, l := range s.lines {
		heard, hears := l.lastHeard()
		if hears {
			is.Listening++
		}
		if heard.After(is.LastHeard) {
			is.LastHeard = heard
		}
	}
	return is
}
