package conversation

import (
	"iter"
	"math"
	"math/bits"
)

// mostFields is how many fields a kind of entity may have.
const mostFields = 128

// fieldSet is a set of fields, by their places. It is no array because the
// compiler keeps those in memory.
type fieldSet struct{ low, high uint64 }

var everyField = fieldSet{math.MaxUint64, math.MaxUint64}

func setOf(places ...int) (set fieldSet) {
	for _, i := range places {
		set.add(i)
	}
	return set
}

// field returns the set of the field at place i alone.
func field(i int) fieldSet {
	if i < 64 {
		return fieldSet{low: 1 << i}
	}
	return fieldSet{high: 1 << (i - 64)}
}

// fieldsBefore returns the set of the first n fields.
func fieldsBefore(n int) fieldSet {
	if n < 64 {
		return fieldSet{low: 1<<n - 1}
	}
	return fieldSet{low: math.MaxUint64, high: 1<<(n-64) - 1}
}

func (set *fieldSet) add(i int)     { *set = set.or(field(i)) }
func (set *fieldSet) remove(i int)  { *set = set.without(field(i)) }
func (set fieldSet) has(i int) bool { return !set.and(field(i)).empty() }
func (set fieldSet) empty() bool    { return set.low|set.high == 0 }

func (set fieldSet) or(other fieldSet) fieldSet {
	return fieldSet{set.low | other.low, set.high | other.high}
}

func (set fieldSet) and(other fieldSet) fieldSet {
	return fieldSet{set.low & other.low, set.high & other.high}
}

func (set fieldSet) without(other fieldSet) fieldSet {
	return fieldSet{set.low &^ other.low, set.high &^ other.high}
}

// each yields the places in order.
func (set fieldSet) each() iter.Seq[int] {
	return func(yield func(int) bool) {
		for word := set.low; word != 0; word &= word - 1 {
			if !yield(bits.TrailingZeros64(word)) {
				return
			}
		}
		for word := set.high; word != 0; word &= word - 1 {
			if !yield(64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
