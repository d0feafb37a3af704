package ingress

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Health counts the calls, and says when the last one came that had the right to.
func (h *Handler) Health() conversation.SourceHealth {
	is := h.Stats()
	health := conversation.SourceHealth{Requests: &conversation.RequestHealth{
		Stored: is.Stored, Denied: is.Denied, Refused: is.Refused, Overloaded: is.Overloaded, Unavailable: is.Unavailable, Handling: is.Handling,
	}}
	if at := h.stats.heard.Load(); at != 0 {
		health.LastHeard = time.Unix(0, at).UTC()
	}
	return health
}
