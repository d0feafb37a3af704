package polling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// discover finds the conversations that began since it last looked.
func (s *Source) discover(ctx context.Context) error {
	from := read(s.position, func(is *state) time.Time { return is.Discovered })
	now := time.Now()
	overlap := s.overlap.next(now)
	if from.IsZero() {
		from = now.Add(-s.config.Lookback).Add(overlap)
		s.log.Info("looking for conversations for the first time", "from", from.Add(-overlap))
	}
	from = s.since(from, now)
	err := s.discoverBetween(ctx, interval{from.Add(-overlap), now}, false, func(ctx context.Context, to time.Time) {
		if to.After(from) { // not what is only read again
			s.save(ctx, func(is *state) { is.Discovered = to })
		}
	})
	if genesys.IsForbidden(err) {
		return fmt.Errorf("polling: the OAuth client needs the permission %s: %w", readRecords, err)
	}
	if err != nil {
		return err
	}
	s.overlap.done(overlap, now)
	s.discovered.Store(true)
	return nil
}

// discoverBetween reads the conversations that began in the interval, and
// schedules the open ones to be followed. As it goes on, it calls done with the
// time before which everything is read or lost.
func (s *Source) discoverBetween(ctx context.Context, whole interval, repair bool, done func(context.Context, time.Time)) error {
	total := 0
	reported := time.Now()
	page := func(found []*conversation.Conversation) {
		total += len(found)
		s.stats.discovered.Add(int64(len(found)))
		mine := slices.DeleteFunc(slices.Clone(found), func(c *conversation.Conversation) bool { return !s.mine(c.ID) })
		s.open.found(mine, time.Now(), s.pace())
		if time.Since(reported) > progressEvery {
			reported = time.Now()
			s.log.Info("still looking for conversations", "from", whole.from, "to", whole.to, "read", total)
		}
	}
	// The platform selects by day (protocol 1, item 13), so the pieces are days.
	const what = "conversations that began in this time"
	p := pieces{
		what: what,
		end:  func(from time.Time) time.Time { return from.Truncate(day).Add(day) },
		ask:  func(ctx context.Context, i interval) error { return s.reader.startedIn(ctx, i, repair, page) },
		done: done, losses: s.lostStarts, failing: s.failingTimes,
		lost: func(ctx context.Context, i interval, err error) error {
			return s.announceLoss(ctx, s.lostStarts, what, i, err)
		},
	}
	return p.read(ctx, whole)
}

// progressEvery is how often a long read logs its progress.
const progressEvery = 10 * time.Second
