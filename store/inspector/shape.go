package inspector

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dcmkit/convtrack/events"
)

// shape masks every value of a JSON document, numbers, flags and times too, and
// every key that is not among the given ones: a key can be a telephone number.
func shape(value any, keys map[string]bool) any {
	switch is := value.(type) {
	case nil:
		return nil
	case map[string]any:
		all := make(map[string]any, len(is))
		n := 0
		for _, key := range slices.Sorted(maps.Keys(is)) {
			shown := key
			if !keys[key] {
				n++
				shown = mask + " " + strconv.Itoa(n)
			}
			all[shown] = shape(is[key], keys)
		}
		return all
	case []any:
		for i, inner := range is {
			is[i] = shape(inner, keys)
		}
		return is
	}
	return mask
}

// keysOf are the keys that the type of an event has, which are words of the host's
// program and no data. Of a type that is not known here there are none.
func keysOf(e events.Event) map[string]bool {
	keys := map[string]bool{}
	if e != nil {
		addKeys(keys, map[reflect.Type]bool{}, reflect.TypeOf(e))
	}
	return keys
}

func addKeys(keys map[string]bool, seen map[reflect.Type]bool, t reflect.Type) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		addKeys(keys, seen, t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if name == "" {
				name = f.Name
			}
			keys[name] = true
			addKeys(keys, seen, f.Type)
		}
	}
}
