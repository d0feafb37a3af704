package conversation

import (
	"slices"
	"time"
)

// Repeats reports whether the partial conversation b only repeats what the
// merged conversation a says: the same, by the same kinds of sources, read not
// more than within later. So it is when the same snapshot is heard twice: by two
// processes, or on two topics. Whoever leaves b out loses nothing but the word
// that all was still so, so soon after.
func Repeats(a, b *Conversation, within time.Duration) bool {
	if a == nil || len(b.Transfers)+len(b.Surveys)+len(b.Evaluations) > 0 {
		return false
	}
	was := participantIndex{participants: a.Participants}
	for at, p := range slices.Backward(b.Participants) { // what is new is mostly said of the last ones
		old := was.participant(p.ID, at)
		if old == nil || !p.shadows.IsZero() {
			return false
		}
		for _, s := range p.Sessions {
			if o := was.session(s.ID, at); o.Session == nil || o.ParticipantID != p.ID || !o.repeatedBy(s, within) {
				return false
			}
		}
		if !repeats(&participantFields, old, p, within) || !attributesRepeat(old.Attributes, old.attributes, p.Attributes, p.attributes, within) {
			return false
		}
	}
	return repeats(&conversationFields, a, b, within) && attributesRepeat(a.Attributes, a.attributes, b.Attributes, b.attributes, within)
}

func (s *Session) repeatedBy(b *Session, within time.Duration) bool {
	return !s.shadow && !b.shadow && !s.filled && s.covered == nil && b.owner <= s.owner && b.segmentsBy <= s.segmentsBy && len(b.Segments)+len(b.Metrics) == 0 &&
		repeats(&sessionFields, s, b, within)
}

// repeats reports whether the fields of b that would settle those of a have the
// same values by the same sources, and are little later.
func repeats[E any](s *schema[E], a, b *E, within time.Duration) bool {
	as, bs := *s.stamps(a), *s.stamps(b)
	for i := range s.weigh(a, b).wins.each() {
		f, was, is := &s.fields[i], as.of(i), bs.of(i)
		if !soonAfter(was, is, f.rule == newest, within) { // mostly it is later
			return false
		}
		if f.rule == union && !f.holds(a, b) || f.rule != union && f.compare(a, b) != 0 {
			return false
		}
	}
	return true
}

func attributesRepeat(av map[string]string, as attributeStamps, bv map[string]string, bs attributeStamps, within time.Duration) bool {
	for name, theirs := range bv {
		mine, known := av[name]
		if !known {
			return false
		}
		wins, _ := beats(theirs, bs.stamp(name), mine, as.stamp(name))
		if wins && (mine != theirs || !soonAfter(as.stamp(name), bs.stamp(name), true, within)) {
			return false
		}
	}
	return true
}

// soonAfter reports whether the stamp is of the same source as the one before,
// of which messages have no time but that of their reading, and little later. A
// message that has a time of its own is the same whenever it is read.
func soonAfter(was, is stamp, timeLeads bool, within time.Duration) bool {
	if timeLeads {
		return is.timeLeading().untimed() && was.timeLeading() == is.timeLeading() && is>>8-was>>8 <= stamp(within.Microseconds())
	}
	return is.sourceLeading().untimed() && was.sourceLeading() == is.sourceLeading() && is-was <= stamp(within.Microseconds())
}
