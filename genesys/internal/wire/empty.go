package wire

import "reflect"

// Empty reports whether what was decoded says nothing: null, {} and what is
// made of them. It is slow, and for what is rare.
func Empty(v any) bool { return empty(reflect.ValueOf(v)) }

func empty(v reflect.Value) bool {
	if v.IsZero() {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return empty(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !empty(v.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Time]() {
			return v.Interface().(Time).IsZero()
		}
		for i := range v.NumField() {
			if !empty(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return false
}
