package conversation

import (
	"cmp"
	"slices"
)

// An entity that its owner replaces as a whole goes back and forth: a release
// is taken back, an evaluation opened again. What happened in between happened,
// also where it is heard when a newer statement is known. So the versions that
// are not the newest any more are kept, of each change one.

// inPast orders versions of the past.
func inPast[E any](a, b *version[E]) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.changed, b.changed))
}

// past returns the past beside the newest versions: of each kind and change the
// newest version, but for that which is the newest of all.
func (w *whole[E]) past(newest []version[E], of ...[]version[E]) []version[E] {
	list := slices.DeleteFunc(slices.Concat(of...), func(v version[E]) bool {
		return slices.ContainsFunc(newest, func(n version[E]) bool { return inPast(&n, &v) == 0 && w.memorable(&n) })
	})
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b version[E]) int { return cmp.Or(inPast(&a, &b), w.newer(&b, &a)) })
	return slices.CompactFunc(list, func(a, b version[E]) bool { return inPast(&a, &b) == 0 })
}

// remembered is what is kept of a version of the past.
func (w *whole[E]) remembered(v version[E]) version[E] {
	v.of, v.read = clone(v.of), false
	for i := range w.all.without(w.memory).each() {
		w.fields[i].erase(v.of)
	}
	return v
}

func (w *whole[E]) samePast(a, b []version[E]) bool {
	return slices.EqualFunc(a, b, func(x, y version[E]) bool { return inPast(&x, &y) == 0 && w.newer(&x, &y) == 0 })
}

// asOf returns the versions, the newest of each kind, that an entity had at a
// time, in microseconds, as far as is known.
func (w *whole[E]) asOf(e *E, at uint64) (then []version[E]) {
	for _, list := range [][]version[E]{w.versions(e).past, w.versions(e).newest} {
		for k := range list {
			v := &list[k]
			if v.changed > at {
				continue
			}
			if i := slices.IndexFunc(then, func(t version[E]) bool { return t.kind == v.kind }); i < 0 {
				then = append(then, *v)
			} else if w.newer(&then[i], v) < 0 {
				then[i] = *v
			}
		}
	}
	return then
}
