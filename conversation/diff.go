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
	var d Delta
	if before == after {
		return d
	}
	if before == nil {
		before = &Conversation{}
	}
	restated, all := restatedBy(before, after), rewritten(before, after)
	d.Conversation = before.ID == "" || before.Status != after.Status || !before.End.Equal(after.End) ||
		!slices.Equal(before.restated, after.restated) || conversationFields.differs(before, after, restated) ||
		attributesDiffer(before.Attributes, before.attributes, after.Attributes, after.attributes, restated)
	was := roll{participants: before.Participants}
	for at, p := range after.Participants {
		old := was.participant(p.ID, at)
		if old == p && !all {
			continue
		}
		if all || old == nil || participantFields.differs(old, p, restated) ||
			attributesDiffer(old.Attributes, old.attributes, p.Attributes, p.attributes, restated) {
			d.Participants = append(d.Participants, p)
		}
		for _, s := range p.Sessions {
			d.addSession(was.session(s.ID, at), p, s, restated, all)
		}
		for _, s := range p.shadows {
			d.addSession(was.session(s.ID, at), p, s, restated, all)
		}
	}
	d.Transfers = all && len(after.Transfers) > 0 || listDiffers(func(a, b *Transfer) bool { return transferFields.differs(a, b, restated) }, before.Transfers, after.Transfers, func(t *Transfer) string { return t.ID }) != nil
	d.Surveys = listDiffers(surveyFields.differs, before.Surveys, after.Surveys, func(s *Survey) string { return s.ID })
	d.Evaluations = listDiffers(evaluationFields.differs, before.Evaluations, after.Evaluations, func(e *Evaluation) string { return e.ID })
	return d
}

var noSession Session

// changed reports whether the session is grouped or cut otherwise than before.
func (o OwnedSession) changed(participantID string, s *Session) bool {
	return o.ParticipantID != participantID || o.owner != s.owner || o.segmentsBy != s.segmentsBy
}

func (d *Delta) addSession(old OwnedSession, p *Participant, s *Session, restated func(x, y stamp) bool, all bool) {
	if old.Session == s && old.ParticipantID == p.ID && !all {
		return
	}
	if all || old.Session == nil || old.changed(p.ID, s) || sessionFields.differs(old.Session, s, restated) {
		d.Sessions = append(d.Sessions, OwnedSession{p.ID, s})
	}
	if old.Session == nil {
		old.Session = &noSession
	}
	for g := range added(old.Segments, s.Segments, (*Segment).compare) {
		d.Segments = append(d.Segments, OwnedSegment{s.ID, g})
	}
	for m := range added(old.Metrics, s.Metrics, Metric.compare) {
		d.Metrics = append(d.Metrics, OwnedMetric{s.ID, m})
	}
}

// added returns what is in after and not, or not the same, in before. Both are
// in order.
func added[T comparable](before, after []T, compare func(a, b T) int) iter.Seq[T] {
	return func(yield func(T) bool) {
		if sameSlice(before, after) {
			return
		}
		for _, x := range after {
			for len(before) > 0 && compare(before[0], x) < 0 {
				before = before[1:]
			}
			if len(before) > 0 && before[0] == x {
				continue
			}
			if !yield(x) {
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
