package conversation

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A snapshot that says what is known already still says that it is so at a later
// time, and an older one that comes after it must not win. So a repetition is a
// fact, and has to be stored as such; but nothing in the rows of the conversation
// changes with it except the stamps. Mostly it is the same for all of them: what
// was stamped with one time is stamped with another one now. That is what a
// restatement says, and it is kept with the conversation's own provenance instead
// of writing each row again.

// restatement says that whatever the store has under the stamp was has the stamp
// is by now.
type restatement struct{ was, is stamp }

// mostRestatements is how many are kept of a conversation. When they are more
// all its rows are written with their stamps.
const mostRestatements = 16

func (c *Conversation) stampNow(s stamp) stamp {
	if i, found := slices.BinarySearchFunc(c.restated, s, restatement.compare); found {
		return c.restated[i].is
	}
	return s
}

// Restate prepares to, which was joined from from and is to be stored in its
// place: what only repeats from becomes restatements, which need not be written.
// It changes to, which must still be its caller's alone, unless it is from.
// Without it nothing goes wrong, but more is written. It returns what [Diff]
// would find to write: both are seen in going once through all that there is.
func Restate(from, to *Conversation) Delta {
	if from == nil || from == to || !to.merged {
		return Diff(from, to)
	}
	var m moved
	m.to, m.stay, m.written, m.repeated = m.room.to[:0], m.room.stay[:0], m.room.written[:0], m.room.repeated[:0]
	c := comparison{restated: anyStamp, moved: &m}
	c.compare(from, to)
	m.irregular = m.irregular || m.stays(to)
	restated, ok := m.after(from.restated)
	if !ok {
		restated = nil // all rows are written
	}
	to.restated = restated
	if !ok || m.irregular || !m.covers(from, to) {
		return Diff(from, to)
	}
	return c.result(from, to)
}

func anyStamp(_, _ stamp) bool { return true }

// covers reports whether the restatements of after say the right thing about
// every row that only repeats what the store has.
func (m *moved) covers(before, after *Conversation) bool {
	for _, r := range before.restated {
		now := after.stampNow(r.was)
		if now == r.was {
			return false
		}
		if i, moves := slices.BinarySearchFunc(m.to, r.is, restatement.compare); moves && m.to[i].is != now {
			return false
		}
	}
	return true
}

// moved is what has become of the stamps of a conversation. There are few
// different ones, so they are in lists, each in its order.
type moved struct {
	to        []restatement // of rows that are otherwise as they were
	stay      stampList     // of rows that are as they were
	written   stampList     // of rows that are written
	repeated  stampList     // the new stamps of rows that are otherwise as they were
	irregular bool          // a stamp has become several ones

	room struct { // mostly enough for the lists
		to                      [8]restatement
		stay, written, repeated [8]stamp
	}
}

type stampList []stamp

func (l stampList) has(s stamp) bool {
	_, found := slices.BinarySearch(l, s)
	return found
}

func (l *stampList) add(s stamp) {
	if i, found := slices.BinarySearch(*l, s); !found {
		*l = slices.Insert(*l, i, s)
	}
}

func (r restatement) compare(was stamp) int { return cmp.Compare(r.was, was) }

// note takes note of a row.
func (m *moved) note(was, is stamps, attributes attributesOf, written, same bool) {
	switch {
	case written:
		m.written.addRow(is, attributes)
	case same:
		m.stay.addRow(is, attributes)
	default:
		m.repeated.addRow(is, attributes)
		m.moves(was, is, attributes)
	}
}

// addRow adds the stamps that a row has now.
func (l *stampList) addRow(stamps stamps, attributes attributesOf) {
	for k := range stamps {
		l.add(stamps[k].stamp)
	}
	if attributes.isBy.of == nil {
		if len(attributes.is) > 0 {
			l.add(attributes.isBy.all)
		}
		return
	}
	for _, s := range attributes.isBy.of {
		l.add(s)
	}
}

// moves takes note of what became of the stamps of a row that is otherwise as it
// was.
func (m *moved) moves(was, is stamps, attributes attributesOf) {
	for _, x := range was {
		for _, y := range is {
			if both := x.fields.and(y.fields); !both.empty() {
				m.move(x.stamp, y.stamp)
			}
		}
	}
	for name := range attributes.is {
		if was := attributes.wasBy.stamp(name); was != 0 {
			m.move(was, attributes.isBy.stamp(name))
		}
		if attributes.wasBy.of == nil && attributes.isBy.of == nil {
			return // all are alike
		}
	}
}

func (m *moved) move(was, is stamp) {
	switch i, known := slices.BinarySearchFunc(m.to, was, restatement.compare); {
	case was == is:
		m.stay.add(was)
	case !known:
		m.to = slices.Insert(m.to, i, restatement{was, is})
	case m.to[i].is != is:
		m.irregular = true
	}
}

// stays reports whether a segment or a metric has a stamp that has become another
// one elsewhere. There are many of them, and mostly none has, so they are not
// noted as other rows are.
func (m *moved) stays(to *Conversation) bool {
	var sources [256]bool // that the stamps begin with
	for _, r := range m.to {
		sources[r.was.sourceLeading()] = true
	}
	moves := func(s stamp) bool {
		if !sources[s.sourceLeading()] {
			return false
		}
		_, found := slices.BinarySearchFunc(m.to, s, restatement.compare)
		return found
	}
	stays := func(s *Session) bool {
		return sources[s.segmentsBy] && slices.ContainsFunc(s.Segments, func(g *Segment) bool {
			return slices.ContainsFunc(g.stamps, func(x stampSet) bool { return moves(x.stamp) })
		}) || slices.ContainsFunc(s.Metrics, func(n Metric) bool { return moves(n.stamp) })
	}
	return len(m.to) > 0 && slices.ContainsFunc(to.Participants, func(p *Participant) bool {
		return slices.ContainsFunc(p.Sessions, stays) || slices.ContainsFunc(p.shadows.All(), stays)
	})
}

// after returns the restatements that go on from those that the store has; not
// ok when there are none that say the right thing about every row.
func (m *moved) after(stored []restatement) (restated []restatement, ok bool) {
	for _, r := range m.to {
		m.irregular = m.irregular || m.stay.has(r.was)
	}
	if m.irregular { // rows that repeat something are written, too
		for _, s := range m.repeated {
			m.written.add(s)
		}
		m.to = nil
	}
	if len(m.to)+len(stored) == 0 {
		return nil, true
	}
	restated = append(make([]restatement, 0, len(m.to)+len(stored)), m.to...)
	for _, r := range stored {
		if i, moves := slices.BinarySearchFunc(m.to, r.is, restatement.compare); moves {
			r.is = m.to[i].is
		}
		if i, known := slices.BinarySearchFunc(restated, r.was, restatement.compare); !known {
			restated = slices.Insert(restated, i, r)
		}
	}
	if len(restated) > mostRestatements {
		return nil, false
	}
	for _, r := range restated {
		if m.written.has(r.was) { // a row that is written now would be read as newer than it is
			return nil, false
		}
	}
	return restated, true
}

// restatedBy returns whether a row that the store has under the stamp x, as of
// before, need not be written to be read under y, as of after.
func restatedBy(before, after *Conversation) func(x, y stamp) bool {
	return func(x, y stamp) bool {
		if x == y {
			return true
		}
		if after.stampNow(x) != y {
			return false
		}
		for _, r := range before.restated {
			if r.is == x && after.stampNow(r.was) != y {
				return false
			}
		}
		return true
	}
}

// rewritten reports whether after has given up restatements of before, so that
// all rows must be written with their stamps.
func rewritten(before, after *Conversation) bool {
	for _, r := range before.restated {
		if after.stampNow(r.was) == r.was {
			return true
		}
	}
	return false
}

// resolved returns a conversation that was read from a store, or unpacked, with
// the stamps that it has by now.
func (c *Conversation) resolved() *Conversation {
	if c.merged || len(c.restated) == 0 {
		return c
	}
	out := clone(c)
	out.stamps, out.attributes = c.now(c.stamps), c.attributesNow(c.attributes)
	out.Participants = cloneEach(c.Participants, func(p *Participant) {
		p.stamps, p.attributes = c.now(p.stamps), c.attributesNow(p.attributes)
		sessions := func(s *Session) {
			s.stamps = c.now(s.stamps)
			s.Segments = cloneEach(s.Segments, func(g *Segment) { g.stamps = c.now(g.stamps) })
			s.Metrics = slices.Clone(s.Metrics)
			for i := range s.Metrics {
				s.Metrics[i].stamp = c.stampNow(s.Metrics[i].stamp)
			}
		}
		p.Sessions, p.shadows = cloneEach(p.Sessions, sessions), ListOf(cloneEach(p.shadows.All(), sessions)...)
	})
	out.Transfers = cloneEach(c.Transfers, func(t *Transfer) { t.stamps = c.now(t.stamps) })
	return out
}

func cloneEach[E any](list []*E, change func(*E)) []*E {
	out := slices.Clone(list)
	for i := range out {
		out[i] = clone(out[i])
		change(out[i])
	}
	return out
}

func (c *Conversation) now(s stamps) stamps {
	var out stamps
	for k := range s {
		out = out.with(c.stampNow(s[k].stamp), s[k].fields)
	}
	return out
}

func (c *Conversation) attributesNow(s attributeStamps) attributeStamps {
	if s.of == nil {
		return attributeStamps{all: c.stampNow(s.all)}
	}
	of := make(map[string]stamp, len(s.of))
	for name, is := range s.of {
		of[name] = c.stampNow(is)
	}
	return newAttributeStamps(of)
}

// byDifference marks restatements that are written as differences to the one
// before. Earlier versions wrote their number alone, which is less, and each with
// two whole stamps.
const byDifference = 1 << 6

// appendRestated writes restatements. They are in order, most have become the
// same, and the times are near each other.
func appendRestated(b []byte, list []restatement) []byte {
	b = append(b, byDifference|byte(len(list)))
	var last restatement
	for _, r := range list {
		b = binary.AppendUvarint(b, uint64(r.was-last.was))
		b = binary.AppendVarint(b, int64(r.is-last.is))
		last = r
	}
	return b
}

func (r *reader) restated() (list []restatement) {
	n := r.uvarint()
	next := func() restatement { return restatement{stamp(r.uint64()), stamp(r.uint64())} }
	if n&byDifference != 0 {
		n -= byDifference
		var last restatement
		next = func() restatement {
			last.was += stamp(r.uvarint())
			last.is += stamp(r.varint())
			return last
		}
	}
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, next())
	}
	return list
}
