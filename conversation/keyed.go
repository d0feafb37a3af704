package conversation

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// keyed is a list of values that have parts: the outcomes of a flow, the
// statistics of an endpoint. Each is kept once. A value is told from others by
// what key compares; of those that are alike in it the greatest is kept, in the
// order of rest, which puts what knows more above what knows less. They are no
// entities of their own, with a stamp for each part. Where each is stated once,
// and only grows while what it tells of goes on, the list is a union; where each
// message has all of them, with what they are by now, it is settled as a whole.
func keyed[E, V any](name string, r rule, at func(*E) *List[V], key, rest func(a, b V) int, as packed[V]) Field[E] {
	compare := func(a, b V) int { return cmp.Or(key(a, b), rest(a, b)) }
	return Field[E]{
		Name:    name,
		rule:    r,
		list:    true,
		set:     true,
		at:      func(e *E) any { return at(e) },
		zero:    func(e *E) bool { return at(e).IsZero() },
		compare: func(a, b *E) int { return slices.CompareFunc(at(a).All(), at(b).All(), compare) },
		copy:    func(dst, src *E) { *at(dst) = *at(src) },
		erase:   func(e *E) { *at(e) = List[V]{} },
		pack:    func(b []byte, e *E) []byte { return appendAll(b, at(e).All(), as.append) },
		unpack:  func(e *E, r *reader) { *at(e) = ListOf(readAll(r, as.read)...) },
		unite: func(dst, src *E) {
			all := slices.Concat(at(dst).All(), at(src).All())
			slices.SortFunc(all, func(a, b V) int { return cmp.Or(key(a, b), rest(b, a)) }) // the greatest first
			*at(dst) = ListOf(slices.CompactFunc(all, func(a, b V) bool { return key(a, b) == 0 })...)
		},
		holds: func(a, b *E) bool {
			mine := at(a).All() // both are sorted
			for _, v := range at(b).All() {
				i, found := slices.BinarySearchFunc(mine, v, key)
				if !found || rest(mine[i], v) < 0 {
					return false
				}
			}
			return true
		},
	}
}

// compareScores orders numbers that may be absent, absent ones first.
func compareScores(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

// The functions below write and read the parts of values. The one that reads
// has the order of the one that writes.

func appendParts(b []byte, times []time.Time, texts []string, numbers []int64) []byte {
	for _, t := range times {
		b = packedTime.append(b, t)
	}
	for _, s := range texts {
		b = appendText(b, s)
	}
	for _, n := range numbers {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func readParts(r *reader, times []*time.Time, texts []*string, numbers []*int64) {
	for _, t := range times {
		*t = packedTime.read(r)
	}
	for _, s := range texts {
		*s = r.text()
	}
	for _, n := range numbers {
		*n = r.varint()
	}
}
