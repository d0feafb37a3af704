package rest

import (
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Health says how much of the rate limit is left, and whether calls pause.
func (c *Client) Health() conversation.APIHealth {
	is := c.Stats()
	h := conversation.APIHealth{Allowed: is.Allowed, Remaining: is.Remaining, InFlight: is.InFlight, Waiting: is.Waiting, Throttled: is.Throttled}
	c.budget.pauses(&h, time.Now())
	return h
}

// pauses fills in what pauses.
func (b *budget) pauses(h *conversation.APIHealth, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.pausedUntil) {
		h.PausedSince, h.PausedUntil = b.pausedSince.UTC(), b.pausedUntil.UTC()
		h.PauseReason = fmt.Sprintf("the platform has answered %s with 429: the rate limit of the OAuth client is used up", b.pausedBy)
	}
	for path, until := range b.resting {
		if !now.Before(until) {
			continue
		}
		if h.Resting == nil {
			h.Resting = map[string]time.Time{}
		}
		h.Resting[path] = until.UTC()
	}
}
