package conversation

import (
	"encoding/json"
	"slices"
)

// List is a list of values with parts that few conversations or legs have any
// of: it takes a third of the memory of a slice where it is empty. The zero
// List is empty. Lists are equal to others by their values, not by ==.
type List[V any] struct{ values *[]V }

// ListOf returns a list of the values. It keeps the slice, which must not be
// changed after it.
func ListOf[V any](values ...V) List[V] {
	if len(values) == 0 {
		return List[V]{}
	}
	kept := values // an empty list takes no memory
	return List[V]{&kept}
}

// All returns the values, in order. They must not be changed.
func (l List[V]) All() []V {
	if l.values == nil {
		return nil
	}
	return slices.Clip(*l.values)
}

// Len is the number of values.
func (l List[V]) Len() int { return len(l.All()) }

// IsZero reports whether the list is empty.
func (l List[V]) IsZero() bool { return l.values == nil }

// MarshalJSON writes the list as a JSON array.
func (l List[V]) MarshalJSON() ([]byte, error) {
	if l.values == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(*l.values)
}

// UnmarshalJSON reads a list from a JSON array.
func (l *List[V]) UnmarshalJSON(data []byte) error {
	var values []V
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	*l = ListOf(values...)
	return nil
}
