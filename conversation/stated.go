package conversation

import (
	"cmp"
	"slices"
	"time"
)

// Stated returns who states the field at a place of the table, and as of when:
// the message's own time, or when it was read where messages of its kind carry
// none; zero where the time does not matter for the field. The source is zero
// when nobody states the field, also of one that is derived from others. e is of
// a merged conversation.
func (f Fields[E]) Stated(e *E, place int) (by Source, at time.Time) {
	if f.whole != nil {
		return f.whole(e, place)
	}
	s := f.schema.stamps(e).of(place)
	switch {
	case s == 0:
		return 0, time.Time{}
	case f.schema.newest.has(place):
		return s.timeLeading(), fromMicros(uint64(s >> 8))
	case f.schema.settled.has(place) && s.sourceLeading() == SourceAnalytics:
		return s.sourceLeading(), s.recordTime()
	}
	return s.sourceLeading(), fromMicros(uint64(s & stampTimeMask))
}

// AttributeStated returns who states an attribute, and as of when.
func (c *Conversation) AttributeStated(name string) (by Source, at time.Time) {
	return c.attributes.stated(name)
}

// AttributeStated is as that of the conversation.
func (p *Participant) AttributeStated(name string) (by Source, at time.Time) {
	return p.attributes.stated(name)
}

func (s attributeStamps) stated(name string) (by Source, at time.Time) {
	is := s.stamp(name)
	return is.timeLeading(), fromMicros(uint64(is >> 8))
}

// stated is Stated for an entity that its owner replaces as a whole: the newest
// kind of statement that has the field.
func (w *whole[E]) stated(e *E, place int) (by Source, at time.Time) {
	for _, v := range w.newestFirst(w.versions(e).newest) {
		if !w.fields[place].zero(v.of) {
			return v.kind.source(), fromMicros(cmp.Or(v.changed, v.seen))
		}
	}
	return 0, time.Time{}
}

func (w *whole[E]) newestFirst(versions []version[E]) []version[E] {
	newest := slices.Clone(versions)
	if w.align != nil {
		w.align(newest)
	}
	slices.SortFunc(newest, func(a, b version[E]) int {
		c := w.across(&b, &a)
		if c == 0 && a.kind.source() == b.kind.source() { // two answers, of which one leaves something out
			c = cmp.Compare(b.seen, a.seen)
		}
		return cmp.Or(c, cmp.Compare(b.kind.rank(), a.kind.rank()), cmp.Compare(b.kind, a.kind))
	})
	return newest
}

func fromMicros(micros uint64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(micros)).UTC()
}
