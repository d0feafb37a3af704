package wire

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mostElements is how many objects a list may have: some bytes each become a
// kilobyte.
const mostElements = 1 << 14

var errTooMany = odd("the list has more than %d elements", mostElements)

// Elements is a list of objects, without those that say nothing.
type Elements[E any] []E

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *Elements[E]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*l = nil
	r := reader{dec: dec}
	if r.PeekKind() != '[' {
		return none(&r, "a list")
	}
	return r.elements(func() error {
		var e *E
		*l, e = grown(*l)
		return json.UnmarshalDecode(dec, e)
	})
}

// elements calls element for each element of a list that says something, to read
// it.
func (r *reader) elements(element func() error) error {
	n := 0
	return r.list(func() error {
		if r.saysNothing() {
			return r.skip()
		}
		if n++; n > mostElements {
			return errTooMany
		}
		return element()
	})
}

// saysNothing reports whether the next value is null, {} or [].
func (r *reader) saysNothing() bool {
	var closing byte
	switch r.PeekKind() {
	case 'n':
		return true
	case '{':
		closing = '}'
	case '[':
		closing = ']'
	default:
		return false
	}
	if r.plain != nil {
		_, behind := r.plain.first(r.plain.next + 1)
		return behind == closing
	}
	const between = ", \t\r\n"
	next := bytes.TrimLeft(r.dec.UnreadBuffer(), between)
	behind := bytes.TrimLeft(next[1:], between[1:])
	return len(behind) > 0 && behind[0] == closing
}

// grown returns the list with an empty element more, in the memory that it has if
// that is enough, and that element.
func grown[E any](list []E) ([]E, *E) {
	n := len(list)
	if n < cap(list) {
		list = list[:n+1]
	} else {
		var empty E
		list = append(slices.Grow(list, n+1), empty)
	}
	return list, &list[n]
}
