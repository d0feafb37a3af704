package conversation

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// A version is the newest that one kind of statement says of an entity that
// its owner replaces as a whole.
type version[E any] struct {
	kind    statementKind
	stage   uint8  // how far the entity has come; 0 where it goes back and forth
	changed uint64 // when it changed, by its own account, in microseconds
	seen    uint64 // Statement.Seen, in microseconds
	read    bool   // seen is when it was read, not a time of the message
	of      *E     // what is said, without versions
}

// versions are what is known of an entity that its owner replaces as a whole.
type versions[E any] struct {
	newest []version[E] // of each kind of statement, in their order
	// past are those that came before: in the order of their kinds, then of when
	// they changed. Only what an event tells is kept of them.
	past []version[E]
}

// statementKind tells apart statements that know different fields.
type statementKind uint8

// brief marks a listing that leaves the scores out.
const brief = 1 << 7

func (k statementKind) source() Source { return Source(k &^ brief) }

// rank orders kinds of one time: the owner's own answer is believed before the
// record that is made of it.
func (k statementKind) rank() int {
	rank := 4 * int(k.source())
	switch {
	case k.source() == SourceREST:
		rank = 4*int(SourceHost) - 1
	case k == SourceREST.brief():
		rank = 4*int(SourceHost) - 2
	}
	return rank
}

func (s Source) brief() statementKind { return statementKind(s) | brief }

// rounded reports whether scores of this kind are whole numbers.
func (k statementKind) rounded() bool {
	return k.source() == SourceAnalytics || k.source() == SourceTopic
}

// whole is the table of a kind of entity that its owner replaces as a whole: a
// survey, an evaluation. It keeps the newest version of each kind of statement;
// what an entity shows is a function of those, so that no picture is mixed of
// two states. That it was in other states before, it keeps beside that, so that
// what happened then can be told whenever it is heard.
type whole[E any] struct {
	schema[E]
	versions func(*E) *versions[E]
	// version says of what is stated its kind, how far it has come and when it
	// changed.
	version func(e *E, by Statement) version[E]
	// inKind orders versions of one kind, before their contents do.
	inKind func(a, b *version[E]) int
	// across orders versions of different kinds.
	across func(a, b *version[E]) int
	// align gives versions of different kinds that are of one change the same time of
	// it; nil: they have it.
	align func(versions []version[E])
	// known are the fields that a kind of statement knows: where it leaves one
	// out, there is none.
	known func(statementKind) fieldSet
	// lasting are fields that an entity keeps: a kind that leaves one out does
	// not deny what another says.
	lasting fieldSet
	// texts belong to an id beside them: a text is as a statement says it of the id
	// that is shown.
	texts []belonging[E]
	// memorable reports whether a version is kept once there is a newer one, and
	// memory are the fields that are kept of it.
	memorable func(*version[E]) bool
	memory    fieldSet
	// settle settles what an entity shows, beside its fields as such. The
	// versions are in order, the newest first.
	settle func(e *E, newest []version[E])
}

var noStamps stamps

// newWhole returns a table without rules; those of the fields as such are not
// used. An entity of it has no stamps: its versions say who states what.
func newWhole[E any](versions func(*E) *versions[E], fields ...Field[E]) whole[E] {
	stated := func(e *E) fieldSet {
		if len(versions(e).newest) == 0 {
			return fieldSet{}
		}
		return everyField
	}
	return whole[E]{schema: newSchema(func(*E) *stamps { return &noStamps }, stated, fields...), versions: versions}
}

// named returns the fields of these names.
func (w *whole[E]) named(names ...string) (set fieldSet) {
	for _, name := range names {
		set.add(slices.IndexFunc(w.fields, func(f Field[E]) bool { return f.Name == name }))
	}
	return set
}

// state marks e as stated.
func (w *whole[E]) state(e *E, by Statement) {
	content := clone(e)
	v := w.version(content, by)
	v.seen, v.read, v.of = micros(by.Seen), !by.Seen.Equal(by.At), content
	w.versions(e).newest = []version[E]{v}
}

// newer orders two versions of one kind.
func (w *whole[E]) newer(a, b *version[E]) int {
	if c := cmp.Or(w.inKind(a, b), cmp.Compare(a.seen, b.seen)); c != 0 || a.of == b.of {
		return c
	}
	if c := cmp.Or(w.content(a.of, b.of, w.memory), w.content(a.of, b.of, w.all)); c != 0 || a.read == b.read {
		return c
	}
	if b.read { // a time of the message says more than one of reading it
		return 1
	}
	return -1
}

// content orders two entities by the values of fields.
func (w *whole[E]) content(a, b *E, of fieldSet) int {
	for i := range of.each() {
		if c := w.fields[i].compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// join returns the join of a and b: a itself when b adds nothing, b when a has
// nothing beside it, else a new entity.
func (w *whole[E]) join(a, b *E) *E {
	as, bs := w.versions(a).newest, w.versions(b).newest
	var all, older []version[E]
	adds, lacks := false, false
	for len(as) > 0 || len(bs) > 0 {
		switch {
		case len(bs) == 0 || len(as) > 0 && as[0].kind < bs[0].kind:
			all, as, lacks = append(all, as[0]), as[1:], true
		case len(as) == 0 || bs[0].kind < as[0].kind:
			all, bs, adds = append(all, bs[0]), bs[1:], true
		default:
			x, y := as[0], bs[0]
			c := w.newer(&x, &y)
			if c < 0 {
				x, y = y, x
			}
			if all = append(all, x); c != 0 && w.memorable(&y) {
				older = append(older, w.remembered(y))
			}
			adds, lacks = adds || c < 0, lacks || c > 0
			as, bs = as[1:], bs[1:]
		}
	}
	past := w.past(all, w.versions(a).past, w.versions(b).past, older)
	switch {
	case !adds && w.samePast(past, w.versions(a).past):
		return a
	case !lacks && w.samePast(past, w.versions(b).past):
		return b
	}
	e := w.show(all)
	*w.versions(e) = versions[E]{all, past}
	return e
}

// show returns what the versions, one of each kind, say together; it has none.
func (w *whole[E]) show(versions []version[E]) *E {
	newest := w.newestFirst(versions)
	e := clone(newest[0].of)
	open := w.all
	for k := range newest {
		v := &newest[k]
		for i := range open.each() {
			if !w.fields[i].zero(v.of) {
				w.fields[i].copy(e, v.of)
				open.remove(i)
			}
		}
		if open = open.without(w.known(v.kind).without(w.lasting)); open.empty() {
			break
		}
	}
	for _, b := range w.texts {
		*b.text(e) = ""
		if k := slices.IndexFunc(newest, func(v version[E]) bool { return *b.text(v.of) != "" && *b.id(v.of) == *b.id(e) }); k >= 0 {
			*b.text(e) = *b.text(newest[k].of)
		}
	}
	w.settle(e, newest)
	return e
}

// differs reports whether a store that holds a must write b. That the same was
// read again later is not worth a write.
func (w *whole[E]) differs(a, b *E) bool {
	if a == b {
		return false
	}
	as, bs := w.versions(a).newest, w.versions(b).newest
	if len(as) != len(bs) || !w.samePast(w.versions(a).past, w.versions(b).past) {
		return true
	}
	for k := range as {
		x, y := &as[k], &bs[k]
		if x.kind != y.kind || x.stage != y.stage || x.changed != y.changed || x.seen != y.seen && !y.read || w.content(x.of, y.of, w.all) != 0 {
			return true
		}
	}
	return w.content(a, b, w.all) != 0
}

// asked reports whether the owner was asked since the last change that the
// versions know of.
func asked[E any](versions versions[E]) bool {
	changed, seen := uint64(0), uint64(0)
	for k := range versions.newest {
		if v := &versions.newest[k]; v.kind == statementKind(SourceREST) {
			seen = v.seen
		} else {
			changed = max(changed, v.changed)
		}
	}
	return seen != 0 && seen >= changed
}

// exact returns the owner's exact score where the one that is shown is that,
// rounded. score is that of the state that is shown; nil in another state.
func exact[E any](shown *float64, newest []version[E], score func(*E) *float64) *float64 {
	if shown == nil {
		return nil
	}
	for k := range newest {
		if newest[k].kind.rounded() {
			continue
		}
		if s := score(newest[k].of); s != nil && math.Abs(*s-*shown) <= 0.5 {
			return s
		}
	}
	return shown
}

// appendProvenance appends who says what of e: of each version the fields that
// are as e shows them, and the others with their values. A provenance of older
// versions of this package begins with the number of its stamps; here there
// are none. It may end before the versions of the past.
func (w *whole[E]) appendProvenance(b []byte, e *E) []byte {
	if b = w.appendNewest(b, e); len(w.versions(e).past) > 0 {
		b = w.appendVersions(b, e, w.versions(e).past)
	}
	return b
}

func (w *whole[E]) appendNewest(b []byte, e *E) []byte {
	return w.appendVersions(append(b, 0), e, w.versions(e).newest)
}

func (w *whole[E]) appendPast(b []byte, e *E) []byte {
	return w.appendVersions(b, e, w.versions(e).past)
}

func (w *whole[E]) appendVersions(b []byte, e *E, versions []version[E]) []byte {
	b = binary.AppendUvarint(b, uint64(len(versions)))
	for k := range versions {
		v := &versions[k]
		flags := v.stage << 1
		if v.read {
			flags |= 1
		}
		b = binary.AppendUvarint(append(b, byte(v.kind), flags), v.changed)
		b = binary.AppendUvarint(b, v.seen)
		var same fieldSet
		for i := range w.fields {
			if w.fields[i].compare(e, v.of) == 0 {
				same.add(i)
			}
		}
		b = appendSet(b, same)
		for i := range w.all.without(same).each() {
			if f := &w.fields[i]; !f.zero(v.of) {
				b = f.pack(binary.AppendUvarint(b, uint64(i+1)), v.of)
			}
		}
		b = append(b, 0)
	}
	return b
}

// restore restores what appendProvenance has appended to nothing. The fields of
// e must be set.
func (w *whole[E]) restore(e *E, provenance []byte) error {
	r := reader{rest: provenance, whole: string(provenance)}
	if w.readNewest(e, &r); len(r.rest) > 0 && r.err == nil {
		w.readPast(e, &r)
	}
	return r.err
}

func (w *whole[E]) readNewest(e *E, r *reader) {
	if stamps := r.stamps(len(w.fields)); len(stamps) > 0 {
		w.adopt(e, stamps)
		return
	}
	if r.err != nil || len(r.rest) == 0 {
		return
	}
	w.versions(e).newest = w.readVersions(e, r, func(before, v *version[E]) bool { return before.kind < v.kind })
}

func (w *whole[E]) readPast(e *E, r *reader) {
	w.versions(e).past = w.readVersions(e, r, func(before, v *version[E]) bool { return inPast(before, v) < 0 })
}

func (w *whole[E]) readVersions(e *E, r *reader, inOrder func(before, v *version[E]) bool) (list []version[E]) {
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		v := version[E]{kind: statementKind(r.byte())}
		flags := r.byte()
		v.stage, v.read, v.changed, v.seen = flags>>1, flags&1 == 1, r.uvarint(), r.uvarint()
		v.of = clone(e)
		*w.versions(v.of) = versions[E]{}
		for i := range w.all.without(r.set(len(w.fields))).each() {
			w.fields[i].erase(v.of)
		}
		w.unpack(v.of, r)
		if len(list) > 0 && !inOrder(&list[len(list)-1], &v) {
			r.err = errProvenance
			return nil
		}
		list = append(list, v)
	}
	return list
}

// adopt makes versions of what an older version of this package has stored,
// which settled each field on its own by the latest date in the entity.
func (w *whole[E]) adopt(e *E, stamps stamps) {
	type stated struct {
		fields fieldSet
		seen   time.Time
	}
	by := map[Source]stated{}
	for _, s := range stamps {
		source, is := s.stamp.timeLeading(), by[s.stamp.timeLeading()]
		by[source] = stated{is.fields.or(s.fields), time.UnixMicro(int64(s.stamp >> 8))}
	}
	var list []version[E]
	for source := SourceHint; source <= SourceHost; source++ {
		is, content := by[source], clone(e)
		if is.fields.empty() {
			continue
		}
		for i := range w.all.without(is.fields).each() {
			w.fields[i].erase(content)
		}
		v := w.version(content, Statement{By: source, Seen: is.seen})
		v.of = content
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b version[E]) int { return cmp.Compare(a.kind, b.kind) })
	if len(list) > 0 {
		*e = *w.show(list)
		w.versions(e).newest = list
	}
}
