package polling

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// Health says since when the source hears, or since when it is blind and why, how
// far it has read, which reads lack a permission, and how much of the API's rate
// limit is left.
func (s *Source) Health() conversation.SourceHealth {
	now := time.Now()
	h := conversation.SourceHealth{Followed: s.open.len(), RefusedReads: s.permissions.refusals(now), API: genesys.APIHealth(s.config.API)}
	s.hearing.say(&h, now)
	if s.started.Load() && s.leads() {
		h.Leads = true
		is := read(s.position, func(is *state) state { return *is })
		h.ReadUpTo, h.RepairingSince = utc(is.Discovered), utc(is.Repair)
	}
	return h
}
