package polling

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// lateTick is how often to check which late data is due.
const lateTick = time.Minute

// defaultLateAfter has growing intervals. A web survey is sent after 72 h and
// expires after 90 days, half of all evaluations change after 72 h, up to two
// weeks, and a release is scheduled for at most 45 days later (protocol 6.6).
func defaultLateAfter() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Hour, day, 73 * time.Hour, 7 * day, 14 * day, 28 * day, 46 * day, 91 * day}
}

// mostLate is the interval that is read before the position is saved, when there
// is much to catch up with. leastLate is how long an interval without any ended
// conversation must be before it is worth saving the position.
const (
	mostLate  = time.Hour
	leastLate = 10 * time.Minute
)

// grain is how long due conversations are collected before they are read, so that
// one request covers many: the longer ago they ended, the less it matters when
// they are read. It is 38 s for those of an hour ago, 3.5 h for those of two
// weeks ago, and 6 h at most.
func grain(after time.Duration) time.Duration { return min(after/96, 6*time.Hour) }

// late reads ended conversations again when they are due: metrics are emitted,
// surveys answered, evaluations made and corrections applied after the end
// (protocol 6.8).
func (s *Source) late(ctx context.Context) error {
	if !s.discovered.Load() || !s.followed.Load() || !s.hearing.hears() {
		return nil // what ended while no process ran, or the API did not answer, is not known yet
	}
	for _, after := range s.config.LateAfter {
		if err := s.lateAfter(ctx, after); err != nil {
			return err
		}
	}
	return nil
}

// lateAfter reads the conversations that ended that long ago, from where the last
// call stopped.
func (s *Source) lateAfter(ctx context.Context, after time.Duration) error {
	name := after.String()
	until := time.Now().Add(-after)
	from := read(s.position, func(is *state) time.Time { return is.Late[name] })
	if from.After(until) { // the clock was ahead when it was saved
		from = until.Add(-mostLate)
	}
	if from.IsZero() {
		s.save(ctx, func(is *state) { is.Late[name] = until })
		return nil
	}
	for until.Sub(from) >= grain(after) {
		to := from.Add(max(mostLate, grain(after)))
		if to.After(until) {
			to = until
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

// lateBetween reads the conversations that ended in the interval, and returns how
// many there were: the records of a hundred at a time, and the quality API only
// where a record shows that it knows more.
func (s *Source) lateBetween(ctx context.Context, from, to time.Time) (int, error) {
	var ended []*conversation.Conversation
	for c, err := range s.config.Tracked.Ended(ctx, from, to) {
		if err != nil {
			return 0, &storeError{err}
		}
		ended = append(ended, &conversation.Conversation{ID: c.ID, Surveys: c.Surveys, Evaluations: c.Evaluations})
	}
	evaluations, surveys := s.tally(ctx, s.reader.evaluations), s.tally(ctx, s.reader.surveys)
	for chunk := range slices.Chunk(ended, mostIDs) {
		if !s.afterRepair(ctx) {
			return 0, ctx.Err()
		}
		ids := make([]string, len(chunk))
		for i, c := range chunk {
			ids[i] = c.ID
		}
		found, err := s.reader.details(ctx, ids, true)
		if err != nil {
			return 0, err
		}
		s.stats.late.Add(int64(len(found)))
		if s.config.WithoutQuality {
			continue
		}
		records := map[string]*conversation.Conversation{}
		for _, c := range found {
			records[c.ID] = c
		}
		for _, c := range chunk {
			if err := s.quality(ctx, conversation.Merge(c, records[c.ID]), &evaluations, &surveys); err != nil {
				return 0, err
			}
		}
	}
	return len(ended), cmp.Or(evaluations.err(), surveys.err())
}

// quality reads the evaluations and surveys of c that have changed since the last
// time from the quality API, which alone has exact scores, answers and comments.
func (s *Source) quality(ctx context.Context, c *conversation.Conversation, evaluations, surveys *tally) error {
	for _, q := range []struct {
		what, right string
		wanted      bool
		read        func(context.Context, string) error
		answers     *tally
	}{
		{"evaluations", "quality:evaluation:view", slices.ContainsFunc(c.Evaluations, unknownEvaluation), s.reader.evaluations, evaluations},
		{"surveys", "quality:survey:view", slices.ContainsFunc(c.Surveys, unknownSurvey), s.reader.surveys, surveys},
	} {
		if !q.wanted {
			continue
		}
		if !s.afterRepair(ctx) {
			return ctx.Err()
		}
		err := s.permissions.tryOne(q.what, q.right, func() error { return q.read(ctx, c.ID) })
		if none(err) {
			s.log.Debug("there are none", "read", q.what, "conversation", c.ID, "reason", err)
			continue
		}
		if err := s.note(q.answers, q.what, c.ID, err); err != nil {
			return err
		}
	}
	return nil
}

// unknownEvaluation reports whether the quality API has more about an evaluation.
// It no longer gives a deleted one.
func unknownEvaluation(e *conversation.Evaluation) bool { return !e.Detailed() && !e.Deleted }

// unknownSurvey reports whether the quality API has more about a survey. The
// record says everything about one that waits, has expired or was opted out of.
func unknownSurvey(s *conversation.Survey) bool {
	return !s.Detailed() && (s.Status == conversation.SurveyFinished || s.Status == conversation.SurveyError)
}
