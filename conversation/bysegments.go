package conversation

import "time"

// nextSegmentWithin is how long after the end of a segment a record may still
// lack the next one. Records lag behind by seconds to minutes.
const nextSegmentWithin = 5 * time.Minute

// endBySegments reports whether the leg has ended by a record that shows an end of
// each of its segments and does not say that it is over (C13), and when; not when
// a segment that began later is open. Of a leg without segments the last thing
// that is known tells the time, if there is one.
func (s *Session) endBySegments() (end time.Time, over bool) {
	switch {
	case !s.SegmentsEnded:
		return time.Time{}, false
	case s.segmentsBy == SourceAnalytics:
		end = segmentsEnd(s.Segments)
		return end, !end.IsZero()
	case s.segmentsBy != 0:
		return time.Time{}, false
	}
	end = s.factualStart()
	for _, m := range s.Metrics {
		end = latest(end, m.EmitDate)
	}
	return end, true
}

// livesAfter reports whether somebody says that the leg lives after its segments
// have ended: a detail event of a start that has no end yet, or the live API,
// which showed the leg, and no end of it, after the record was read; or after the
// segments' end when the record was read so soon that it may lack the next one.
func (s *Session) livesAfter(end time.Time, shadow *Session) bool {
	if n := len(s.Starts); n > len(s.Ends) && s.Starts[n-1].After(end) {
		return true
	}
	read := fromMicros(uint64(s.stamps.of(fieldSessionSegmentsEnded) >> 8))
	if read.Before(end.Add(nextSegmentWithin)) {
		read = earliest(read, end)
	}
	return latest(s.shownLive(), shadow.shownLive()).After(read)
}

// endIsSaid reports whether something is known of the leg that is known only of
// legs that have ended. An error code is not: the live API has some of legs that
// go on (protocol 9.6), and of a last segment that has failed the end is stated.
func (s *Session) endIsSaid() bool {
	_, handled := s.metric("tHandle")
	return s.DisconnectType != "" || !s.ACWStart.IsZero() || !s.ACWEnd.IsZero() || handled
}

// shownLive returns when a snapshot of the live API that showed the leg was
// read, the last one; zero when none was. s may be nil.
func (s *Session) shownLive() time.Time {
	if s == nil {
		return time.Time{}
	}
	held := s.stamps.of(fieldSessionHeld) // every snapshot states it
	if !held.timeLeading().snapshot() {
		return time.Time{}
	}
	return fromMicros(uint64(held >> 8))
}

// segmentsEnd returns when the segments ended, after-call work left aside; zero
// while the one that began last is open. Of several that began at one time one
// that has ended counts.
func segmentsEnd(segments []*Segment) time.Time {
	var last *Segment
	var end time.Time
	for _, g := range segments {
		if g.Type == SegmentWrapup {
			continue
		}
		if last == nil || g.Start.After(last.Start) || g.Start.Equal(last.Start) && last.Open() {
			last = g
		}
		end = latest(end, g.End)
	}
	if last == nil || last.Open() {
		return time.Time{}
	}
	return end
}
