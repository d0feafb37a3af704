package conversation

import (
	"maps"
	"slices"
)

// attributeStamps are the stamps of attributes. Those of one message share one.
type attributeStamps struct {
	all stamp            // of every attribute,
	of  map[string]stamp // or of each its own, when they differ
}

func (s attributeStamps) stamp(name string) stamp {
	if s.of != nil {
		return s.of[name]
	}
	return s.all
}

// newAttributeStamps returns the stamps in the one form that they have.
func newAttributeStamps(of map[string]stamp) attributeStamps {
	var all stamp
	first := true
	for _, s := range of {
		if !first && s != all {
			return attributeStamps{of: of}
		}
		all, first = s, false
	}
	return attributeStamps{all: all}
}

// stateAttributes stamps the attributes; without any there is no map either.
func stateAttributes(values *map[string]string, by Statement) attributeStamps {
	if len(*values) == 0 {
		*values = nil
		return attributeStamps{}
	}
	return attributeStamps{all: byTime(by.By, by.asOf())}
}

// beats reports whether the first statement about an attribute wins over the
// other, and whether they are the same.
func beats(value string, s stamp, other string, t stamp) (wins, same bool) {
	if s != t {
		return s > t, false
	}
	return value > other, value == other
}

func joinAttributes(av map[string]string, as attributeStamps, bv map[string]string, bs attributeStamps) (map[string]string, attributeStamps, bool) {
	adds, covers, shared := false, true, 0
	for name, theirs := range bv {
		mine, known := av[name]
		if !known {
			adds = true
			continue
		}
		shared++
		wins, same := beats(theirs, bs.stamp(name), mine, as.stamp(name))
		adds, covers = adds || wins, covers && (wins || same)
	}
	switch {
	case !adds:
		return av, as, false
	case covers && shared == len(av):
		return bv, bs, true
	}
	values, stamps := maps.Clone(av), make(map[string]stamp, len(av)+len(bv))
	if values == nil {
		values = map[string]string{}
	}
	for name := range av {
		stamps[name] = as.stamp(name)
	}
	for name, theirs := range bv {
		was, known := stamps[name]
		if wins, _ := beats(theirs, bs.stamp(name), values[name], was); wins || !known {
			values[name], stamps[name] = theirs, bs.stamp(name)
		}
	}
	return values, newAttributeStamps(stamps), true
}

// attributesCovered reports whether b says everything that a says, and alike
// or with more weight.
func attributesCovered(av map[string]string, as attributeStamps, bv map[string]string, bs attributeStamps) bool {
	for name, mine := range av {
		theirs, known := bv[name]
		if wins, same := beats(theirs, bs.stamp(name), mine, as.stamp(name)); !known || !wins && !same {
			return false
		}
	}
	return true
}

func attributesDiffer(av map[string]string, as attributeStamps, bv map[string]string, bs attributeStamps, restated func(x, y stamp) bool) bool {
	if len(av) != len(bv) {
		return true
	}
	for name, value := range bv {
		old, known := av[name]
		was, is := as.stamp(name), bs.stamp(name)
		if !known || old != value || was != is && !restated(was, is) {
			return true
		}
	}
	return false
}

// sortedNames returns the names of the attributes in order.
func sortedNames(values map[string]string) []string {
	return slices.Sorted(maps.Keys(values))
}
