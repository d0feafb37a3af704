package conversation

import (
	"slices"
	"time"
)

// spans are stretches of time, in any order and overlapping.
type spans []span

type span struct{ from, to time.Time }

// add adds the time from from on; none when it is not known when it began or
// it did not last.
func (s *spans) add(from, to time.Time) {
	if !from.IsZero() && to.After(from) {
		*s = append(*s, span{from, to})
	}
}

// beside returns how long the spans last where the others, which are a union,
// do not, every instant counted once, and the union of all.
func (s spans) beside(others spans) (time.Duration, spans) {
	switch {
	case len(s) == 0:
		return 0, others
	case len(s) == 1 && len(others) == 0:
		return s.length(), s
	}
	all := slices.Concat(others, s)
	all.union()
	return all.length() - others.length(), all
}

// union makes spans of the same time of them that are in order and apart.
func (s *spans) union() {
	slices.SortFunc(*s, func(a, b span) int { return a.from.Compare(b.from) })
	out := (*s)[:0]
	for _, x := range *s {
		if n := len(out); n > 0 && !x.from.After(out[n-1].to) {
			if x.to.After(out[n-1].to) {
				out[n-1].to = x.to
			}
			continue
		}
		out = append(out, x)
	}
	*s = out
}

func (s spans) length() time.Duration {
	var sum time.Duration
	for _, x := range s {
		sum += x.to.Sub(x.from)
	}
	return sum
}
