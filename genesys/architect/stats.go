package architect

import (
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// HandlerStats are counts of calls since the handler was made, by how they were
// answered, and present levels.
type HandlerStats struct {
	Stored      int64 // 2xx
	Denied      int64 // 401: who presented no valid token
	Refused     int64 // other 4xx: what cannot be understood
	Overloaded  int64 // 429: there was no room
	Unavailable int64 // 5xx: not stored, or not in time

	Handling int // calls under way

	Heartbeats  int64     // of the stored ones, those that tell of no conversation
	WithoutCase int64     // of the stored ones, those for which Case failed or was late
	LastCall    time.Time // when the last call came that was understood; zero: none yet
}

type counts struct{ heartbeats, withoutCase atomic.Int64 }

// Health counts the calls, for the Watch of a convtrack.Tracker. Where nobody has
// called for as long as HandlerConfig.QuietAfter says, it is blind.
func (h *Handler) Health() conversation.SourceHealth {
	is := h.in.Health()
	h.quiet.say(&is)
	return is
}

// Stats returns the present counts.
func (h *Handler) Stats() HandlerStats {
	in := h.in.Stats()
	return HandlerStats{
		Stored: in.Stored, Denied: in.Denied, Refused: in.Refused, Overloaded: in.Overloaded, Unavailable: in.Unavailable, Handling: in.Handling,
		Heartbeats: h.counts.heartbeats.Load(), WithoutCase: h.counts.withoutCase.Load(), LastCall: h.quiet.lastCall(),
	}
}
