package conversation

import "time"

// hold is whether somebody is on hold. Snapshots say it of each leg, as of when they
// were read, and records by segments, as of when these began and ended: what came
// later is believed. The clocks differ, that of this process and Genesys's: within the
// skew somebody is on hold rather than not, as who holds may do nothing for long, and
// of a hold that short more is heard at once. Which leg a snapshot has it on, that of
// who is held or of who holds, makes no difference.
type hold struct {
	segment bool      // a segment of holding runs
	ended   time.Time // when the last one ended
	flag    bool      // a snapshot has shown a leg as held
	shown   time.Time // when it was read, the last one that did
}

func (h *hold) is() bool { return h.segment || h.flag && !h.ended.After(h.shown.Add(skew)) }

// add adds a leg that is not over.
func (h *hold) add(l *Leg) {
	if l.Session.Held {
		h.flag = true
		h.shown = latest(h.shown, l.shownLive())
	}
	for _, g := range l.Session.Segments {
		if g.Type == SegmentHold && g.Open() && !l.shownLive().After(g.Start.Add(skew)) {
			h.segment = true
		}
	}
}

// addSegments adds what the segments of any leg say of holding that has ended.
func (h *hold) addSegments(l *Leg) {
	for _, g := range l.Session.Segments {
		if g.Type == SegmentHold {
			h.ended = latest(h.ended, g.End)
		}
	}
}

// shownLive is when a snapshot that shows the leg was read, the last one.
func (l *Leg) shownLive() time.Time {
	return latest(l.Session.shownLive(), l.Participant.shadowOf(l.Session).shownLive())
}
