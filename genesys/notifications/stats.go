package notifications

import (
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
	Deaf        int64 // channels that were subscribed and did not tell what happened
	Gaps        int64 // announcements of gaps

	Topics    int       // subscribed now
	Followed  int       // users and queues that Config.Follow found and that are wanted, by whichever process
	Left      int       // those that were found and for which there is no room
	Looked    time.Time // when Config.Follow was last looked for; zero: not yet
	Channels  int       // in use
	Listening int       // channels that hear now
	Pending   int       // conversations that wait for the store
	LastHeard time.Time // when the last frame arrived; zero: none yet
	Refused   []Refusal // topics that the platform refused
}

type counters struct {
	frames, heartbeats, undecodable, dropped, reconnects, deaf, gaps atomic.Int64
}

// Stats returns the present counts.
func (s *Source) Stats() Stats {
	is := Stats{
		Frames: s.stats.frames.Load(), Heartbeats: s.stats.heartbeats.Load(), Undecodable: s.stats.undecodable.Load(),
		Dropped: s.stats.dropped.Load(), Reconnects: s.stats.reconnects.Load(), Deaf: s.stats.deaf.Load(), Gaps: s.stats.gaps.Load(),
		Refused: s.refused.all(), Pending: s.inbox.len(), Topics: s.assigned.len(),
	}
	is.Followed, is.Left, is.Looked = s.wanted.stats()
	for _, c := range s.assigned.all() {
		is.Channels++
		heard, hears := c.lastHeard()
		if hears {
			is.Listening++
		}
		if heard.After(is.LastHeard) {
			is.LastHeard = heard
		}
	}
	return is
}
