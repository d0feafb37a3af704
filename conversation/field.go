package conversation

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A rule settles a disagreement about a field. Each one picks the greatest
// statement in a fixed order, which is what makes Merge a join. FIELDS.md says
// which field has which, and why.
type rule uint8

const (
	// settled: the higher source, of which all snapshots are one, then the newer
	// statement (what Genesys restates). The order of values comes last, to
	// decide between statements of one moment.
	settled rule = iota
	// ranked: the higher source, then the greater value (what never changes);
	// the time says nothing.
	ranked
	// first: the higher source, then the smallest value (a start).
	first
	// last: the higher source, of which all snapshots are one, then the greatest
	// value (an end).
	last
	// newest: the later Statement.Seen, then the higher source (what goes back
	// and forth).
	newest
	// forward: the greater value, whoever says so (what only moves forward).
	forward
	// graded: the higher grade, whoever says so, then the higher source, then
	// the message's later time, then the greater value.
	graded
	// union: all values (a set).
	union
	// retired: no longer kept; only the place of the field is.
	retired
)

var ruleNames = [...]string{"settled", "ranked", "first", "last", "newest", "forward", "graded", "union", "retired"}

func (r rule) String() string { return ruleNames[r] }

// A Field is one attribute of an entity: its name, where it is kept and how a
// disagreement about it is settled. The tables of fields are the one place
// that knows them all; merging, comparing and storing go through it.
type Field[E any] struct {
	// Name is Genesys's analytics name, or for facts that analytics lacks the
	// name of the API that has it.
	Name string

	rule    rule
	flag    bool   // a snapshot in which it is missing states the zero value
	with    string // the field that is not stated without this one; empty: none
	read    bool   // it says what was read, not what was so: a record does not lag behind with it
	list    bool
	set     bool // a list of which the order says nothing
	at      func(*E) any
	zero    func(*E) bool
	absent  func(*E) bool // it is not shown, although it may be kept; nil: as zero
	compare func(a, b *E) int
	shown   func(a, b *E) int // compares what is shown of them; nil: as compare
	grade   func(*E) int      // of a graded field
	copy    func(dst, src *E)
	erase   func(e *E)
	pack    func(b []byte, e *E) []byte
	unpack  func(e *E, r *reader)
	unite   func(dst, src *E)  // of a list
	holds   func(a, b *E) bool // of two united lists: a has everything that b has
}

// Value returns a pointer to the field in e, so that a store can write its
// column and read it back. It is one of *string (or a pointer to a named
// string type), *bool, *int64, **float64, *time.Time, *[]string, *[]int64,
// *[]time.Time, or a pointer to a [List], such as *List[FlowOutcome], which
// encoding/json writes and reads.
// Do not write through it to an entity that has been merged.
func (f Field[E]) Value(e *E) any { return f.at(e) }

// IsZero reports whether e does not have the field.
func (f Field[E]) IsZero(e *E) bool {
	if f.absent != nil {
		return f.absent(e)
	}
	return f.zero(e)
}

func text[E any, S ~string](name string, r rule, at func(*E) *S) Field[E] {
	f := scalar(name, r, at, cmp.Compare[S], packedText[S]())
	// Most fields are texts, and are looked at all the time: these two take fewer calls.
	f.zero = func(e *E) bool { return len(*at(e)) == 0 }
	f.compare = func(a, b *E) int {
		x, y := *at(a), *at(b)
		if x == y { // mostly, and then they often share their memory
			return 0
		}
		return cmp.Compare(x, y)
	}
	return f
}

func flag[E any](name string, r rule, at func(*E) *bool) Field[E] {
	return scalar(name, r, at, func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case b:
			return -1
		}
		return 1
	}, packedFlag)
}

func number[E any](name string, r rule, at func(*E) *int64) Field[E] {
	return scalar(name, r, at, cmp.Compare[int64], packedNumber)
}

func instant[E any](name string, r rule, at func(*E) *time.Time) Field[E] {
	f := scalar(name, r, at, time.Time.Compare, packedTime)
	f.zero = func(e *E) bool { return at(e).IsZero() }
	return f
}

// score is a number that may be absent, for where zero is a value.
func score[E any](name string, r rule, at func(*E) **float64) Field[E] {
	return scalar(name, r, at, compareScores, packedScore)
}

func scalar[E any, V comparable](name string, r rule, at func(*E) *V, compare func(a, b V) int, as packed[V]) Field[E] {
	var none V
	return Field[E]{
		Name:    name,
		rule:    r,
		at:      func(e *E) any { return at(e) },
		zero:    func(e *E) bool { return *at(e) == none },
		compare: func(a, b *E) int { return compare(*at(a), *at(b)) },
		copy:    func(dst, src *E) { *at(dst) = *at(src) },
		erase:   func(e *E) { *at(e) = none },
		pack:    func(b []byte, e *E) []byte { return as.append(b, *at(e)) },
		unpack:  func(e *E, r *reader) { *at(e) = as.read(r) },
	}
}

// gone is a field that entities no longer have. What a store has of it is read,
// and dropped.
func gone[E any](name string) Field[E] {
	return Field[E]{
		Name:    name,
		rule:    retired,
		at:      func(*E) any { return new(string) },
		zero:    func(*E) bool { return true },
		compare: func(*E, *E) int { return 0 },
		copy:    func(*E, *E) {},
		erase:   func(*E) {},
		pack:    func(b []byte, _ *E) []byte { return appendText(b, "") },
		unpack:  func(_ *E, r *reader) { r.text() },
	}
}

func texts[E any](name string, r rule, at func(*E) *[]string) Field[E] {
	return list(name, r, at, strings.Compare, packedText[string]())
}

func numbers[E any](name string, r rule, at func(*E) *[]int64) Field[E] {
	return list(name, r, at, cmp.Compare[int64], packedNumber)
}

func instants[E any](name string, r rule, at func(*E) *[]time.Time) Field[E] {
	return list(name, r, at, time.Time.Compare, packedTime)
}

func list[E any, V any](name string, r rule, at func(*E) *[]V, compare func(a, b V) int, as packed[V]) Field[E] {
	return Field[E]{
		Name:    name,
		rule:    r,
		list:    true,
		set:     r == union,
		at:      func(e *E) any { return at(e) },
		zero:    func(e *E) bool { return len(*at(e)) == 0 },
		compare: func(a, b *E) int { return slices.CompareFunc(*at(a), *at(b), compare) },
		copy:    func(dst, src *E) { *at(dst) = *at(src) },
		erase:   func(e *E) { *at(e) = nil },
		pack:    func(b []byte, e *E) []byte { return appendAll(b, *at(e), as.append) },
		unpack:  func(e *E, r *reader) { *at(e) = readAll(r, as.read) },
		unite: func(dst, src *E) {
			if dst == src && isSet(*at(dst), compare) {
				return
			}
			all := slices.Concat(*at(dst), *at(src))
			slices.SortFunc(all, compare)
			*at(dst) = slices.CompactFunc(all, func(a, b V) bool { return compare(a, b) == 0 })
		},
		holds: func(a, b *E) bool {
			rest := *at(a) // both are sorted
			for _, v := range *at(b) {
				i, found := slices.BinarySearchFunc(rest, v, compare)
				if !found {
					return false
				}
				rest = rest[i+1:]
			}
			return true
		},
	}
}

// isSet reports whether the list is in order, and has nothing twice.
func isSet[V any](list []V, compare func(a, b V) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// asFlag marks a field whose zero value a snapshot states by leaving it out.
func asFlag[E any](f Field[E]) Field[E] {
	f.flag = true
	return f
}

// statedWith marks what belongs to the field of the name, before it in the table:
// messages that have that, but for detail events, state this one, too, if only that
// it is empty.
func statedWith[E any](name string, f Field[E]) Field[E] {
	f.with = name
	return f
}

// ofReading marks a field that says what was found in reading.
func ofReading[E any](f Field[E]) Field[E] {
	f.read = true
	return f
}

// schema is the table of fields of one kind of entity.
type schema[E any] struct {
	fields   []Field[E]
	stamps   func(*E) *stamps
	derived  func(*E) fieldSet // those that an entity may have although nobody states them; nil: none
	zero     []func(*E) bool   // of each field, side by side: all are called for all that is read
	all      fieldSet
	byValue  fieldSet // those of which the values decide, whoever states them
	timeless fieldSet // those of which the values decide among equal sources, whenever they state them
	ends     fieldSet // those of the rule last
	settled  fieldSet // those whose stamps say when the statement was new
	newest   fieldSet // those whose stamps begin with the time
	flags    fieldSet
	lists    fieldSet
	sets     fieldSet
	read     fieldSet
	with     [][2]int // fields, and those that are stated with them
}

func newSchema[E any](stamps func(*E) *stamps, derived func(*E) fieldSet, fields ...Field[E]) schema[E] {
	s := schema[E]{fields: fields, stamps: stamps, derived: derived}
	for i := range fields {
		f := &fields[i]
		s.zero = append(s.zero, f.zero)
		if f.with != "" {
			s.with = append(s.with, [2]int{slices.IndexFunc(fields[:i], func(g Field[E]) bool { return g.Name == f.with }), i})
		}
		for _, in := range []struct {
			set *fieldSet
			is  bool
		}{
			{&s.all, true}, {&s.byValue, f.rule == forward || f.rule == graded || f.rule == union},
			{&s.timeless, f.rule == ranked || f.rule == first || f.rule == last}, {&s.ends, f.rule == last}, {&s.settled, f.rule == settled}, {&s.newest, f.rule == newest},
			{&s.flags, f.flag}, {&s.lists, f.list}, {&s.sets, f.set}, {&s.read, f.read},
		} {
			if in.is {
				in.set.add(i)
			}
		}
	}
	return s
}

// present returns the fields that a merged entity may have: all others are zero.
func (s *schema[E]) present(e *E) fieldSet {
	set := s.stamps(e).fields()
	if s.derived != nil {
		set = set.or(s.derived(e).and(s.all))
	}
	return set
}

// state stamps the fields that e has. Entities of one message often have the
// same fields: e shares the stamps like where those are the same.
func (s *schema[E]) state(e *E, by Statement, like stamps) stamps {
	var has fieldSet
	for i, zero := range s.zero {
		if !zero(e) {
			has.add(i)
		}
	}
	if by.By.snapshot() {
		has = has.or(s.flags)
	}
	for i := range s.lists.without(has).each() {
		s.fields[i].erase(e) // an empty list is none
	}
	for i := range s.sets.and(has).each() {
		s.fields[i].unite(e, e)
	}
	for _, x := range s.with {
		if has.has(x[0]) && by.By > SourceDetailEvent {
			has.add(x[1])
		}
	}
	settled, newest, read := has.and(s.settled), has.and(s.newest), has.and(s.read)
	var room [4]stampSet
	stated := stamps(room[:0]).with(by.restated(), settled).with(byTime(by.By, by.asOf()), newest.without(read)).
		with(byTime(by.By, by.Seen), read).with(bySource(by.By, by.At), has.without(settled).without(newest))
	if !slices.Equal(stated, like) {
		like = slices.Clone(stated)
	}
	*s.stamps(e) = like
	return like
}

// source returns who states field i of e; zero when nobody does.
func (s *schema[E]) source(e *E, i int) Source {
	stamp := s.stamps(e).of(i)
	if s.fields[i].rule == newest {
		return stamp.timeLeading()
	}
	return stamp.sourceLeading()
}

// weighing is what b says that a does not.
type weighing struct {
	wins   fieldSet // the fields that b settles
	adds   bool     // there is one
	covers bool     // a says nothing beside b
}

func (s *schema[E]) weigh(a, b *E) weighing {
	as, bs := *s.stamps(a), *s.stamps(b)
	mine, theirs := as.fields(), bs.fields()
	w := weighing{wins: theirs.without(mine), covers: mine.and(theirs) == mine}
	for _, x := range as {
		for _, y := range bs {
			both := x.fields.and(y.fields)
			if both.empty() {
				continue
			}
			if x.stamp != y.stamp {
				open := s.byValue
				switch mine, theirs := x.stamp.sourceLeading(), y.stamp.sourceLeading(); {
				case mine == theirs:
					open = open.or(s.timeless)
				case mine.equals(theirs):
					open = open.or(s.ends)
					restated := both.and(s.settled)
					w.decide(restated, x.stamp.compareRestated(y.stamp) < 0)
					both = both.without(restated)
				}
				w.decide(both.without(open), x.stamp < y.stamp)
				both = both.and(open)
			}
			for i := range both.each() {
				wins, covers := s.fields[i].weigh(a, x.stamp, b, y.stamp)
				if w.covers = w.covers && covers; wins {
					w.wins.add(i)
				}
			}
		}
	}
	w.adds = !w.wins.empty()
	return w
}

// decide takes note of fields that b settles, or a.
func (w *weighing) decide(fields fieldSet, wins bool) {
	if wins {
		w.wins = w.wins.or(fields)
	} else {
		w.covers = w.covers && fields.empty()
	}
}

// weigh is for fields that both state: whether b's statement wins over a's,
// and whether a's says nothing beside it.
func (f *Field[E]) weigh(a *E, mine stamp, b *E, theirs stamp) (wins, covers bool) {
	if f.rule == union {
		return mine < theirs || !f.holds(a, b), mine <= theirs && f.holds(b, a)
	}
	c, by := f.compare(a, b), cmp.Compare(mine, theirs)
	if f.rule == settled {
		by = mine.compareRestated(theirs)
	}
	if c == 0 { // mostly
		return by < 0, by <= 0
	}
	switch f.rule {
	case forward:
	case graded:
		c = cmp.Or(cmp.Compare(f.grade(a), f.grade(b)), by, c)
	case first:
		c = cmp.Or(cmp.Compare(mine.sourceLeading(), theirs.sourceLeading()), -c)
	case ranked:
		c = cmp.Or(cmp.Compare(mine.sourceLeading(), theirs.sourceLeading()), c)
	case last:
		if a, b := mine.sourceLeading(), theirs.sourceLeading(); !a.equals(b) {
			c = cmp.Compare(a, b)
		}
	default:
		c = cmp.Or(by, c)
	}
	return c < 0, c < 0
}

// take gives dst, which is being made, what b settles.
func (s *schema[E]) take(dst, b *E, w *weighing) {
	as, bs := *s.stamps(dst), *s.stamps(b)
	stamped := w.wins
	for i := range w.wins.each() {
		f, mine := &s.fields[i], as.of(i)
		if f.rule != union || mine == 0 {
			f.copy(dst, b)
			continue
		}
		if f.unite(dst, b); mine > bs.of(i) {
			stamped.remove(i) // a set keeps the greatest
		}
	}
	*s.stamps(dst) = as.replaced(stamped, bs)
}

// join returns the join of the fields of a and b: a itself when b adds nothing,
// b when a has nothing beside it, else a new entity. What is below the fields
// stays as it is there.
func (s *schema[E]) join(a, b *E) *E {
	w := s.weigh(a, b)
	switch {
	case !w.adds:
		return a
	case w.covers:
		return b
	}
	out := clone(a)
	s.take(out, b, &w)
	return out
}

func clone[E any](e *E) *E {
	c := *e
	return &c
}

// differs reports whether a store that holds a must write b. restated says which
// stamps it need not write.
func (s *schema[E]) differs(a, b *E, restated func(x, y stamp) bool) bool {
	if a == b {
		return false
	}
	as, bs := *s.stamps(a), *s.stamps(b)
	stated := as.fields()
	if stated != bs.fields() {
		return true
	}
	for _, x := range as {
		for _, y := range bs {
			if both := x.fields.and(y.fields); x.stamp != y.stamp && !both.empty() && !restated(x.stamp, y.stamp) {
				return true
			}
		}
	}
	for i := range s.present(a).or(s.present(b)).each() {
		if s.fields[i].compare(a, b) != 0 {
			return true
		}
	}
	return false
}
