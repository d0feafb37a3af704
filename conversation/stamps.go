package conversation

import "slices"

// stamps say who states which fields of an entity. Most fields share a stamp,
// so each stamp is kept once, with its fields. No field has two, no stamp is
// without fields, and they are in order. Entities share them: nobody writes to
// them once they are an entity's.
type stamps []stampSet

type stampSet struct {
	stamp  stamp
	fields fieldSet
}

// of returns the stamp of the field; zero when nobody states it.
func (s stamps) of(i int) stamp {
	for k := range s {
		if s[k].fields.has(i) {
			return s[k].stamp
		}
	}
	return 0
}

// fields are those that somebody states.
func (s stamps) fields() (all fieldSet) {
	for k := range s {
		all = all.or(s[k].fields)
	}
	return all
}

// with returns the list, which is still its caller's alone and may be changed,
// with the stamp for fields that have none in it.
func (s stamps) with(stamp stamp, fields fieldSet) stamps {
	if fields.empty() || stamp == 0 {
		return s
	}
	k := len(s)
	for k > 0 && s[k-1].stamp > stamp {
		k--
	}
	switch {
	case k > 0 && s[k-1].stamp == stamp:
		s[k-1].fields = s[k-1].fields.or(fields)
		return s
	case k == len(s): // mostly: they come in order
		return append(s, stampSet{stamp, fields})
	}
	return slices.Insert(s, k, stampSet{stamp, fields})
}

// replaced returns the stamps in which the fields have theirs of by.
func (s stamps) replaced(fields fieldSet, by stamps) stamps {
	if len(s) == 0 && by.fields().without(fields).empty() {
		return by
	}
	out := make(stamps, 0, len(s)+len(by))
	for k := range s {
		if kept := s[k].fields.without(fields); !kept.empty() {
			out = append(out, stampSet{s[k].stamp, kept})
		}
	}
	for k := range by {
		out = out.with(by[k].stamp, by[k].fields.and(fields))
	}
	return out
}
