package clientapp

import (
	"sync/atomic"

	"github.com/dcmkit/convtrack/conversation"
)

// Stats are counts since the app was made, and present levels.
type Stats struct {
	Stored      int64 // posts that were answered 2xx
	Denied      int64 // 401, 403: whose token is not valid here, and Strangers
	Refused     int64 // other 4xx: what cannot be understood
	Overloaded  int64 // 429: there was no room, or an agent is too fast
	Unavailable int64 // 5xx: not stored, or not in time

	Events, Snapshots, Hints int64 // of the stored ones, by what the page had seen
	Strangers                int64 // posts about conversations in which the agent takes no part
	Handling                 int   // posts under way
	Streams                  int   // event streams that are open
}

type counts struct{ events, snapshots, hints, strangers atomic.Int64 }

func (c *counts) hint(h Heard) {
	switch h.Kind {
	case "event":
		c.events.Add(1)
	case "snapshot":
		c.snapshots.Add(1)
	default:
		c.hints.Add(1)
	}
}

// Health counts the posts, for the Watch of a convtrack.Tracker.
func (a *App) Health() conversation.SourceHealth { return a.updates.Health() }

// Stats returns the present counts.
func (a *App) Stats() Stats {
	in := a.updates.Stats()
	return Stats{
		Stored: in.Stored, Denied: in.Denied, Refused: in.Refused, Overloaded: in.Overloaded, Unavailable: in.Unavailable, Handling: in.Handling,
		Events: a.counts.events.Load(), Snapshots: a.counts.snapshots.Load(), Hints: a.counts.hints.Load(),
		Strangers: a.counts.strangers.Load(), Streams: a.streams.open(),
	}
}
