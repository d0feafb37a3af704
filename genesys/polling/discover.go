package polling

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// mostInterval is how long an interval is asked for at a time. The platform is
// said to refuse more than 31 days (protocol 6.5).
const mostInterval = 7 * 24 * time.Hour

// Most records appear soon after the start, so most of the time a narrow overlap
// will do.
const (
	narrowOverlap = 3 * time.Minute
	wideEvery     = 5 * time.Minute
)

// discover finds the conversations that began since it last looked.
func (s *Source) discover(ctx context.Context) error {
	from := read(&s.notebook, func(is *state) time.Time { return is.Discovered })
	now := time.Now()
	if from.IsZero() {
		from = now.Add(-s.config.Lookback).Add(s.config.Overlap)
		s.log.Info("looking for conversations for the first time", "from", from.Add(-s.config.Overlap))
	}
	if from.After(now) { // the clock was ahead when it was put down
		from = now.Add(-s.config.Lookback)
	}
	overlap := min(s.config.Overlap, narrowOverlap)
	if now.Sub(s.wide) >= wideEvery {
		overlap = s.config.Overlap
	}
	for from.Before(now) {
		to := now
		if to.Sub(from) > mostInterval {
			to = from.Add(mostInterval)
		}
		err := s.discoverBetween(ctx, from.Add(-overlap), to, false)
		if genesys.HasStatus(err, http.StatusForbidden) {
			return fmt.Errorf("polling: the OAuth client needs the permission analytics:conversationDetail:view: %w", err)
		}
		if err != nil {
			return err
		}
		from = to
		s.save(ctx, func(is *state) { is.Discovered = to })
	}
	if overlap == s.config.Overlap {
		s.wide = now
	}
	s.discovered.Store(true)
	return nil
}

// discoverBetween reads what began in the interval, and has what is open
// followed.
func (s *Source) discoverBetween(ctx context.Context, from, to time.Time, repair bool) error {
	total := 0
	told := time.Now()
	return s.reader.startedSince(ctx, from, to, repair, func(found []*conversation.Conversation) {
		total += len(found)
		s.stats.discovered.Add(int64(len(found)))
		mine := slices.DeleteFunc(slices.Clone(found), func(c *conversation.Conversation) bool { return !s.mine(c.ID) })
		s.open.found(mine, time.Now(), s.pace())
		if time.Since(told) > progressEvery {
			told = time.Now()
			s.log.Info("still looking for conversations", "from", from, "to", to, "read", total)
		}
	})
}

// progressEvery is how often long work says how far it is.
const progressEvery = 10 * time.Second
