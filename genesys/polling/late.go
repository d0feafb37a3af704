package polling

import (
	"context"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// lateTick is how often it is looked whose late data is due.
const lateTick = time.Minute

// mostLate is how much time is caught up with before it is put down, and
// leastLate how much must pass before it is put down that nothing was due.
const (
	mostLate  = time.Hour
	leastLate = 10 * time.Minute
)

// late reads ended conversations again whose time has come: metrics are
// emitted, surveys answered, evaluations made and corrections applied after
// the end (protocol 6.8).
func (s *Source) late(ctx context.Context) error {
	if !s.discovered.Load() || !s.followed.Load() {
		return nil // what ended while nobody looked is not known yet
	}
	for _, after := range s.config.LateAfter {
		if err := s.lateAfter(ctx, after); err != nil {
			return err
		}
	}
	return nil
}

// lateAfter reads those that ended so long ago, up to where it was before.
func (s *Source) lateAfter(ctx context.Context, after time.Duration) error {
	name := after.String()
	until := time.Now().Add(-after)
	from := read(&s.notebook, func(is *state) time.Time { return is.Late[name] })
	if from.After(until) { // the clock was ahead when it was put down
		from = until.Add(-mostLate)
	}
	if from.IsZero() {
		s.save(ctx, func(is *state) { is.Late[name] = until })
		return nil
	}
	for from.Before(until) {
		to := until
		if to.Sub(from) > mostLate {
			to = from.Add(mostLate)
		}
		n, err := s.lateBetween(ctx, from, to)
		if err != nil {
			return err
		}
		if n == 0 && to.Sub(from) < leastLate {
			return nil
		}
		from = to
		s.save(ctx, func(is *state) { is.Late[name] = to })
	}
	return nil
}

// lateBetween reads those that ended in the interval, and returns how many
// there were.
func (s *Source) lateBetween(ctx context.Context, from, to time.Time) (int, error) {
	var ids, judged []string
	for c, err := range s.config.Tracked.Ended(ctx, from, to) {
		if err != nil {
			return 0, &storeError{err}
		}
		ids = append(ids, c.ID)
		if withAgent(c) {
			judged = append(judged, c.ID)
		}
	}
	for chunk := range slices.Chunk(ids, mostIDs) {
		if !s.afterRepair(ctx) {
			return 0, ctx.Err()
		}
		found, err := s.reader.details(ctx, chunk, true)
		if err != nil {
			return 0, err
		}
		s.stats.late.Add(int64(len(found)))
	}
	if s.config.WithoutQuality {
		return len(ids), nil
	}
	for _, id := range judged {
		if !s.afterRepair(ctx) {
			return 0, ctx.Err()
		}
		if err := s.quality(ctx, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// quality reads the evaluations and surveys of a conversation.
func (s *Source) quality(ctx context.Context, id string) error {
	for _, q := range []struct {
		what, right string
		read        func(context.Context, string) error
	}{
		{"evaluations", "quality:evaluation:view", s.reader.evaluations},
		{"surveys", "quality:survey:view", s.reader.surveys},
	} {
		err := s.allowed(q.what, q.right, func() error { return q.read(ctx, id) })
		if genesys.IsPermanent(err) {
			s.log.Debug("there are none", "read", q.what, "conversation", id, "reason", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// withAgent reports whether an agent took part, whom somebody could judge.
func withAgent(c *conversation.Conversation) bool {
	return slices.ContainsFunc(c.Participants, func(p *conversation.Participant) bool {
		return p.Purpose.Side() == conversation.AgentSide
	})
}
