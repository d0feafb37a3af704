package conversation

import (
	"iter"
	"slices"
)

// Delta is what a store has to write to get from one version of a
// conversation to the next. Nothing is ever deleted.
type Delta struct {
	Conversation bool // the conversation's own fields
	Participants []*Participant
	Sessions     []OwnedSession
	Segments     []OwnedSegment
	Metrics      []OwnedMetric
	Transfers    bool
	Surveys      []*Survey
	Evaluations  []*Evaluation
}

// OwnedSession is a session and the participant it belongs to.
type OwnedSession struct {
	ParticipantID string
	*Session
}

// OwnedSegment is a segment and the session it belongs to.
type OwnedSegment struct {
	SessionID string
	*Segment
}

// OwnedMetric is a metric and the session it belongs to.
type OwnedMetric struct {
	SessionID string
	Metric
}

// Empty reports whether there is nothing to write.
func (d Delta) Empty() bool { return d.Size() == 0 }

// Size is the number of rows to write.
func (d Delta) Size() int {
	n := len(d.Participants) + len(d.Sessions) + len(d.Segments) + len(d.Metrics) + len(d.Surveys) + len(d.Evaluations)
	if d.Conversation {
		n++
	}
	if d.Transfers {
		n++
	}
	return n
}

// Diff returns what has to be written to turn a stored before into after.
// before may be nil. Of what only repeats before nothing but the conversation
// itself has to be written, when after comes from [Restate].
func Diff(before, after *Conversation) Delta {
	if before == after {
		return Delta{}
	}
	if before == nil {
		before = &Conversation{}
	}
	c := comparison{restated: restatedBy(before, after), all: rewritten(before, after)}
	c.compare(before, after)
	return c.result(before, after)
}

// comparison goes through the rows of a conversation, before and after.
type comparison struct {
	delta    Delta
	restated func(x, y stamp) bool // says of two stamps that the store need not write the second
	all      bool                  // all rows are written
	moved    *moved                // what has become of the stamps; nil when nobody wants to know
}

func (c *comparison) compare(before, after *Conversation) {
	d := &c.delta
	d.Conversation = compareRow(c, &conversationFields, before, after, attributesOf{before.Attributes, after.Attributes, before.attributes, after.attributes},
		before.ID == "" || before.Status != after.Status || !before.Start.Equal(after.Start) || !before.End.Equal(after.End))
	was := participantIndex{participants: before.Participants}
	for at, p := range after.Participants {
		old := was.participant(p.ID, at)
		if old == p && !c.all && c.moved == nil {
			continue
		}
		attributes := attributesOf{is: p.Attributes, isBy: p.attributes}
		if old != nil {
			attributes.was, attributes.wasBy = old.Attributes, old.attributes
		}
		if compareRow(c, &participantFields, old, p, attributes, false) {
			d.Participants = append(d.Participants, p)
		}
		for _, s := range p.Sessions {
			c.compareSession(was.session(s.ID, at), p, s)
		}
		for _, s := range p.shadows.All() {
			c.compareSession(was.session(s.ID, at), p, s)
		}
	}
	for _, t := range after.Transfers {
		var old *Transfer
		if i := slices.IndexFunc(before.Transfers, func(b *Transfer) bool { return b.ID == t.ID }); i >= 0 {
			old = before.Transfers[i]
		}
		if compareRow(c, &transferFields, old, t, attributesOf{}, false) {
			d.Transfers = true
		}
	}
	d.Surveys = listDiffers(surveyFields.differs, before.Surveys, after.Surveys, func(s *Survey) string { return s.ID })
	d.Evaluations = listDiffers(evaluationFields.differs, before.Evaluations, after.Evaluations, func(e *Evaluation) string { return e.ID })
}

// result is what compare has found. The conversation's own row is also written for
// what it has of others: how they are restated, and what a listing finds it by. The
// second takes some time, and the first is nearly always true of a snapshot.
func (c *comparison) result(before, after *Conversation) Delta {
	d := c.delta
	d.Conversation = d.Conversation || !slices.Equal(before.restated, after.restated) ||
		len(d.Participants)+len(d.Sessions) > 0 && foundOtherwise(before, after)
	return d
}

var noSession Session

// changed reports whether the session is grouped or cut otherwise than before, or
// covers something else.
func (o OwnedSession) changed(participantID string, s *Session) bool {
	return o.ParticipantID != participantID || o.owner != s.owner || o.segmentsBy != s.segmentsBy || !o.covered.same(s.covered)
}

func (c *comparison) compareSession(old OwnedSession, p *Participant, s *Session) {
	d := &c.delta
	if compareRow(c, &sessionFields, old.Session, s, attributesOf{}, old.Session != nil && old.changed(p.ID, s)) {
		d.Sessions = append(d.Sessions, OwnedSession{p.ID, s})
	}
	if old.Session == nil {
		old.Session = &noSession
	}
	cut := old.segmentsBy != s.segmentsBy // what was stored of the segments is deleted
	if c.all || cut || !sameSlice(old.Segments, s.Segments) {
		for was, g := range paired(old.Segments, s.Segments, (*Segment).compare) {
			if was != nil && *was == g && !c.all && !cut {
				continue
			}
			if was == nil {
				was = new(*Segment)
			}
			if compareRow(c, &segmentFields, *was, g, attributesOf{}, cut) {
				d.Segments = append(d.Segments, OwnedSegment{s.ID, g})
			}
		}
	}
	if c.all || !sameSlice(old.Metrics, s.Metrics) {
		for was, m := range paired(old.Metrics, s.Metrics, Metric.compare) {
			if c.compareMetric(was, m) {
				d.Metrics = append(d.Metrics, OwnedMetric{s.ID, m})
			}
		}
	}
}

// compareMetric is compareRow for a metric, which has one stamp.
func (c *comparison) compareMetric(old *Metric, is Metric) (written bool) {
	written = c.all || old == nil || old.Value != is.Value || old.stamp != is.stamp && !c.restated(old.stamp, is.stamp)
	switch {
	case c.moved == nil:
	case written:
		c.moved.written.add(is.stamp)
	case old.stamp != is.stamp:
		c.moved.repeated.add(is.stamp)
		c.moved.move(old.stamp, is.stamp)
	}
	return written
}

// compareRow compares one row, and reports whether it is to be written; old is
// nil when it is a new one. changed says that more has happened to it than its
// fields and attributes show.
func compareRow[E any](c *comparison, s *schema[E], old, is *E, attributes attributesOf, changed bool) (written bool) {
	written = c.all || changed || old == nil ||
		old != is && (s.differs(old, is, c.restated) || attributes.differ(c.restated))
	if c.moved != nil {
		was := stamps(nil)
		if old != nil {
			was = *s.stamps(old)
		}
		c.moved.note(was, *s.stamps(is), attributes, written, old == is)
	}
	return written
}

// attributesOf are those of a row, before and after.
type attributesOf struct {
	was, is     map[string]string
	wasBy, isBy attributeStamps
}

func (a attributesOf) differ(restated func(x, y stamp) bool) bool {
	return attributesDiffer(a.was, a.wasBy, a.is, a.isBy, restated)
}

// paired returns what is in after, each with what is in its place in before; nil
// when nothing is. Both are in order.
func paired[T any](before, after []T, compare func(a, b T) int) iter.Seq2[*T, T] {
	return func(yield func(*T, T) bool) {
		for _, x := range after {
			for len(before) > 0 && compare(before[0], x) < 0 {
				before = before[1:]
			}
			var was *T
			if len(before) > 0 && compare(before[0], x) == 0 {
				was = &before[0]
			}
			if !yield(was, x) {
				return
			}
		}
	}
}

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func listDiffers[E any](differs func(a, b *E) bool, before, after []*E, id func(*E) string) []*E {
	if sameSlice(before, after) {
		return nil
	}
	old := make(map[string]*E, len(before))
	for _, e := range before {
		old[id(e)] = e
	}
	var changed []*E
	for _, e := range after {
		if was := old[id(e)]; was == nil || differs(was, e) {
			changed = append(changed, e)
		}
	}
	return changed
}
