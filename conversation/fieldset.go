package conversation

import (
	"iter"
	"math"
	"math/bits"
)

// mostFields is how many fields a kind of entity may have.
const mostFields = 128

// fieldSet is a set of fields, by their places.
type fieldSet [mostFields / 64]uint64

var everyField = fieldSet{math.MaxUint64, math.MaxUint64}

func setOf(places ...int) (set fieldSet) {
	for _, i := range places {
		set.add(i)
	}
	return set
}

func (set *fieldSet) add(i int)      { set[i/64] |= 1 << (i % 64) }
func (set *fieldSet) remove(i int)   { set[i/64] &^= 1 << (i % 64) }
func (set *fieldSet) has(i int) bool { return set[i/64]&(1<<(i%64)) != 0 }
func (set *fieldSet) empty() bool    { return *set == fieldSet{} }

func (set fieldSet) or(other fieldSet) fieldSet {
	for k := range set {
		set[k] |= other[k]
	}
	return set
}

func (set fieldSet) and(other fieldSet) fieldSet {
	for k := range set {
		set[k] &= other[k]
	}
	return set
}

func (set fieldSet) without(other fieldSet) fieldSet {
	for k := range set {
		set[k] &^= other[k]
	}
	return set
}

// each yields the places in order.
func (set fieldSet) each() iter.Seq[int] {
	return func(yield func(int) bool) {
		for k, word := range set {
			for ; word != 0; word &= word - 1 {
				if !yield(k*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
