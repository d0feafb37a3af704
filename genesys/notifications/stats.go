package notifications

import (
	"sync/atomic"
	"time"
)

// Stats are counts since the source was made, and present values. Export them to
// your monitoring system.
type Stats struct {
	Frames      int64 // that arrived, heartbeats included
	Heartbeats  int64
	Undecodable int64 // frames that were not understood, or only in part
	Dropped     int64 // partial conversations that were dropped, as too many waited
	Reconnects  int64 // times that listening on a channel was interrupted
	Deaf        int64 // channels that were replaced because they were subscribed and sent no events
	Gaps        int64 // announcements of gaps

	Topics    int       // on the channels of this process, those that are not subscribed yet or refused included
	Followed  int       // users and queues that Config.Follow found and that are followed, by whichever process
	Left      int       // those that it found and for which there is no room
	Looked    time.Time // when the selection of Config.Follow was last looked up; zero: not yet
	Channels  int       // in use
	Listening int       // channels that hear now
	Pending   int       // conversations that wait for the store
	LastHeard time.Time // when the last frame arrived; zero: none yet
	Refused   []Refusal // topics that the platform refused, at most MostTopics of them
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
