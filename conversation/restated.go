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
	if i, found := slices.BinarySearchFunc(c.restated, s, func(r restatement, s stamp) int { return cmp.Compare(r.was, s) }); found {
		return c.restated[i].is
	}
	return s
}

// Restate returns to, which was joined from from and is to be stored in its
// place, prepared for that: with what only repeats from as restatements, so that
// Diff need not have it written. It is to itself when there is none. It changes
// neither. Without it nothing goes wrong, but more is written.
func Restate(from, to *Conversation) *Conversation {
	if from == nil || from == to || !to.merged {
		return to
	}
	m := moved{to: map[stamp]stamp{}, stay: map[stamp]bool{}, written: map[stamp]bool{}}
	eachEntity(from, to, m.look)
	restated, ok := m.after(from.restated)
	if !ok {
		restated = nil // all rows are written
	}
	if slices.Equal(restated, to.restated) {
		return to
	}
	out := clone(to)
	out.restated = restated
	return out
}

// moved is what has become of the stamps of a conversation.
type moved struct {
	to        map[stamp]stamp // of rows that are otherwise as they were
	stay      map[stamp]bool  // of rows that are as they were
	written   map[stamp]bool  // of rows that are written
	repeated  []stamp         // the new stamps of rows that are otherwise as they were
	irregular bool            // a stamp has become several ones
}

// look takes note of one row.
func (m *moved) look(e entity) {
	switch {
	case e.same:
		for _, s := range e.stamps {
			m.stay[s] = true
		}
	case e.changed:
		for _, s := range e.stamps {
			m.written[s] = true
		}
	default:
		for _, r := range e.moves {
			if r.was == r.is {
				m.stay[r.was] = true
				continue
			}
			is, known := m.to[r.was]
			m.irregular = m.irregular || known && is != r.is
			m.to[r.was] = r.is
		}
		m.repeated = append(m.repeated, e.stamps...)
	}
}

// after returns the restatements that go on from those that the store has; not
// ok when there are none that say the right thing about every row.
func (m *moved) after(stored []restatement) (restated []restatement, ok bool) {
	for was := range m.to {
		m.irregular = m.irregular || m.stay[was]
	}
	if m.irregular { // rows that repeat something are written, too
		for _, s := range m.repeated {
			m.written[s] = true
		}
		clear(m.to)
	}
	all := map[stamp]stamp{}
	for _, r := range stored {
		if is, moves := m.to[r.is]; moves {
			r.is = is
		}
		all[r.was] = r.is
	}
	for was, is := range m.to {
		all[was] = is
	}
	if len(all) > mostRestatements {
		return nil, false
	}
	for was, is := range all {
		if m.written[was] { // a row that is written now would be read as newer than it is
			return nil, false
		}
		restated = append(restated, restatement{was, is})
	}
	slices.SortFunc(restated, func(a, b restatement) int { return cmp.Compare(a.was, b.was) })
	return restated, true
}

// entity is a row before and after.
type entity struct {
	same    bool          // nothing has happened to it
	changed bool          // more than stamps: it is written
	stamps  []stamp       // the new ones
	moves   []restatement // field by field, when it has not changed otherwise
}

// eachEntity calls look for each row of after that has stamps which snapshots
// move.
func eachEntity(before, after *Conversation, look func(entity)) {
	e := rowOf(&conversationFields, before, after)
	e.addAttributes(before.Attributes, before.attributes, after.Attributes, after.attributes)
	e.changed = e.changed || before.Status != after.Status || !before.End.Equal(after.End)
	look(e)
	was := roll{participants: before.Participants}
	was.index()
	for _, p := range after.Participants {
		var old *Participant
		if i, known := was.find(p.ID); known {
			old = was.participants[i]
		}
		e := rowOf(&participantFields, old, p)
		if old != nil {
			e.addAttributes(old.Attributes, old.attributes, p.Attributes, p.attributes)
		} else {
			e.addAttributes(nil, attributeStamps{}, p.Attributes, p.attributes)
		}
		look(e)
		for _, list := range [][]*Session{p.Sessions, p.shadows} {
			for _, s := range list {
				old := was.session(s.ID)
				e := rowOf(&sessionFields, old.Session, s)
				e.changed = e.changed || old.Session != nil && old.changed(p.ID, s)
				look(e)
			}
		}
	}
	for _, t := range after.Transfers {
		i := slices.IndexFunc(before.Transfers, func(b *Transfer) bool { return b.ID == t.ID })
		if i < 0 {
			look(rowOf(&transferFields, nil, t))
			continue
		}
		look(rowOf(&transferFields, before.Transfers[i], t))
	}
}

func rowOf[E any](s *schema[E], old, is *E) (e entity) {
	stated := *s.stamps(is)
	for k := range stated {
		e.stamps = append(e.stamps, stated[k].stamp)
	}
	switch {
	case old == is:
		e.same = true
	case old == nil, s.differs(old, is, func(stamp, stamp) bool { return true }):
		e.changed = true
	default:
		for _, x := range *s.stamps(old) {
			for _, y := range stated {
				if both := x.fields.and(y.fields); !both.empty() {
					e.moves = append(e.moves, restatement{x.stamp, y.stamp})
				}
			}
		}
	}
	return e
}

func (e *entity) addAttributes(av map[string]string, as attributeStamps, bv map[string]string, bs attributeStamps) {
	e.changed = e.changed || attributesDiffer(av, as, bv, bs, func(stamp, stamp) bool { return true })
	for name := range bv {
		is := bs.stamp(name)
		e.stamps = append(e.stamps, is)
		if was := as.stamp(name); was != 0 {
			e.moves = append(e.moves, restatement{was, is})
		}
	}
	for _, r := range e.moves {
		e.same = e.same && r.was == r.is
	}
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
		sessions := func(s *Session) { s.stamps = c.now(s.stamps) }
		p.Sessions, p.shadows = cloneEach(p.Sessions, sessions), cloneEach(p.shadows, sessions)
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

func appendRestated(b []byte, list []restatement) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, r := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(r.was))
		b = binary.LittleEndian.AppendUint64(b, uint64(r.is))
	}
	return b
}

func (r *reader) restated() (list []restatement) {
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		list = append(list, restatement{stamp(r.uint64()), stamp(r.uint64())})
	}
	return list
}
