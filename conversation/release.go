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
//
// For example, the quality API says on the 1st that the evaluation will be released
// on the 3rd, on the 2nd that it will be on the 5th, and on the 6th that it was
// opened again. That is one release, of the 5th: the first plan was changed before
// its day. It is Undated: a record that says after that "released", without a date,
// is about this one.
func (e *Evaluation) Releases() []Release {
	versions := slices.Concat(e.versions.past, e.versions.newest)
	var list []Release
	if len(versions) > 1 { // else there was no other state
		for _, at := range moments(versions) {
			if then := evaluationFields.asOf(e, at); len(then) > 0 {
				list = withRelease(list, evaluationFields.show(then), then, fromMicros(at))
			}
		}
		list = withRelease(list, e, e.versions.newest, e.ReleaseDate)
	} else {
		list = withRelease(list, e, versions, e.ReleaseDate)
	}
	return markUndated(list, e, versions)
}

// moments are when a release can have come about: when the evaluation was changed,
// and when a date came for which one was planned. They are in microseconds, in order.
func moments(versions []version[Evaluation]) []uint64 {
	var list []uint64
	for k := range versions {
		list = append(list, versions[k].changed, micros(versions[k].of.ReleaseDate))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// withRelease returns the list with the state then, which the versions of it say
// together, if the evaluation was released in it by the time at. A state replaces
// an earlier one of the same release.
func withRelease(list []Release, then *Evaluation, of []version[Evaluation], at time.Time) []Release {
	if then.Deleted || !then.ReleasedBy(at) {
		return list
	}
	sameDate := func(r Release) bool { return r.ReleaseDate.Equal(then.ReleaseDate) }
	if !slices.ContainsFunc(list, sameDate) && dateOfAnother(then, of) {
		then = clone(then)
		then.ReleaseDate = time.Time{}
	}
	return append(slices.DeleteFunc(list, sameDate), Release{Evaluation: then})
}

// dateOfAnother reports whether a state is released by a statement without a date
// that came after the date in it, and nobody has said that anything was released on
// that date: then it is the date of a plan that came to nothing, and of no release.
func dateOfAnother(then *Evaluation, of []version[Evaluation]) bool {
	if len(of) == 0 || then.ReleaseDate.IsZero() {
		return false
	}
	if last := evaluationFields.newestFirst(of)[0]; !undated(last) || micros(then.ReleaseDate) > last.changed {
		return false
	}
	return !slices.ContainsFunc(of, func(v version[Evaluation]) bool { return v.of.Released && v.of.ReleaseDate.Equal(then.ReleaseDate) })
}

// undated reports whether a version tells of a release without its date.
func undated(v version[Evaluation]) bool { return v.of.Released && v.of.ReleaseDate.IsZero() }

// markUndated marks the release that the first statement without a date is about, or
// would be, if it is one of those with a date: there is none without a date then.
func markUndated(list []Release, e *Evaluation, versions []version[Evaluation]) []Release {
	if i := aboutUndated(list, e, versions); i >= 0 {
		list[i].Undated = true
		return slices.DeleteFunc(list, func(r Release) bool { return r.ReleaseDate.IsZero() })
	}
	return list
}

// aboutUndated returns the place of the release that the first statement without a
// date is about: the first one, if its date had come by then, else the one that was
// planned when that was said. It is -1 where it is one of its own.
func aboutUndated(list []Release, e *Evaluation, versions []version[Evaluation]) int {
	first := -1 // of the releases with a date
	for i, r := range list {
		if !r.ReleaseDate.IsZero() && (first < 0 || r.ReleaseDate.Before(list[first].ReleaseDate)) {
			first = i
		}
	}
	var at uint64 // when one without a date was said first
	for k := range versions {
		if v := &versions[k]; undated(*v) && (at == 0 || v.changed < at) {
			at = v.changed
		}
	}
	switch {
	case first < 0:
		return -1
	case at == 0: // none was heard, or by an older version of this package, which kept no past
		if r := list[first]; !r.EventTime.IsZero() && r.ReleaseDate.After(r.EventTime) {
			return -1
		}
	case micros(list[first].ReleaseDate) > at:
		planned := evaluationFields.show(evaluationFields.asOf(e, at)).ReleaseDate
		return slices.IndexFunc(list, func(r Release) bool { return !planned.IsZero() && r.ReleaseDate.Equal(planned) })
	}
	return first
}
