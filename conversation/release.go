package conversation

import (
	"slices"
	"time"
)

// A Release is an evaluation in a state in which it was released, or its release
// was scheduled.
type Release struct {
	*Evaluation
	// Undated says that this is the release of which a record alone tells, without
	// its date.
	Undated bool
}

// Releases returns the evaluation as it was when it was released, and as it is if
// it is released or its release is scheduled: the newest state of each
// ReleaseDate, in the order of time. So a release that was taken back is known
// whenever it is heard. One is without a date where only records tell of it: they
// do not tell a second release from the first. What is kept of past states is
// what an event tells: the status, the people, the queue, the dates and the
// scores.
func (e *Evaluation) Releases() []Release {
	all := slices.Concat(e.versions.past, e.versions.newest)
	if len(all) < 2 {
		return e.markUndated(releasing(nil, e, all, e.ReleaseDate), all)
	}
	var moments []uint64
	for k := range all {
		moments = append(moments, all[k].changed, micros(all[k].of.ReleaseDate))
	}
	slices.Sort(moments)
	var list []Release
	for _, at := range slices.Compact(moments) {
		if then := evaluationFields.asOf(e, at); len(then) > 0 {
			list = releasing(list, evaluationFields.show(then), then, fromMicros(at))
		}
	}
	return e.markUndated(releasing(list, e, e.versions.newest, e.ReleaseDate), all)
}

// releasing adds the state of an evaluation, which is of these versions, to a
// list of those in which it was released, if it was by a time.
func releasing(list []Release, e *Evaluation, of []version[Evaluation], by time.Time) []Release {
	if e.Deleted || !e.ReleasedBy(by) {
		return list
	}
	i := slices.IndexFunc(list, func(before Release) bool { return before.ReleaseDate.Equal(e.ReleaseDate) })
	if now := lastOf(of); i < 0 && undated(now) && !e.ReleaseDate.IsZero() && micros(e.ReleaseDate) <= now.changed &&
		!slices.ContainsFunc(of, func(v version[Evaluation]) bool { return v.of.Released && v.of.ReleaseDate.Equal(e.ReleaseDate) }) {
		e = clone(e) // nothing was released when that date came: it is not the one of this release
		e.ReleaseDate = time.Time{}
		return releasing(list, e, of, by)
	}
	if i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	return append(list, Release{Evaluation: e})
}

func lastOf(versions []version[Evaluation]) version[Evaluation] {
	if len(versions) == 0 {
		return version[Evaluation]{of: &Evaluation{}}
	}
	return evaluationFields.newestFirst(versions)[0]
}

// undated reports whether a version tells of a release without its date.
func undated(v version[Evaluation]) bool { return v.of.Released && v.of.ReleaseDate.IsZero() }

// markUndated finds the release that the first statement without a date is about:
// the first one, if it had come by then, else the one that was planned when that
// was said, else one of its own.
func (e *Evaluation) markUndated(list []Release, all []version[Evaluation]) []Release {
	var said uint64 // when it was said first
	for k := range all {
		if v := &all[k]; undated(*v) && (said == 0 || v.changed < said) {
			said = v.changed
		}
	}
	is := -1
	for i, r := range list {
		if !r.ReleaseDate.IsZero() && (is < 0 || r.ReleaseDate.Before(list[is].ReleaseDate)) {
			is = i
		}
	}
	switch {
	case is < 0:
		return list
	case said == 0: // what older versions of this package stored has no past
		if first := list[is]; !first.EventTime.IsZero() && first.ReleaseDate.After(first.EventTime) {
			return list
		}
	case micros(list[is].ReleaseDate) > said:
		planned := evaluationFields.show(evaluationFields.asOf(e, said)).ReleaseDate
		is = slices.IndexFunc(list, func(r Release) bool { return !planned.IsZero() && r.ReleaseDate.Equal(planned) })
	}
	if is < 0 {
		return list
	}
	list[is].Undated = true
	return slices.DeleteFunc(list, func(r Release) bool { return r.ReleaseDate.IsZero() })
}
