package wire

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Attributes is participant data: a map of texts. A null clears an attribute;
// values of other kinds, which flows can set, are kept as their JSON text.
type Attributes map[string]string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (a *Attributes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return reading(dec, false, a.read)
}

func (a *Attributes) read(r *reader) error {
	if r.PeekKind() != '{' {
		return none(r, "an object of attributes")
	}
	values := Attributes{}
	err := r.object(func(name []byte) (err error) {
		n := r.known.text(name) // before the value is read
		values[n], err = r.attribute()
		return err
	})
	*a = values
	return err
}

// attribute reads a text: nothing for null, and the JSON text of what is none.
func (r *reader) attribute() (string, error) {
	switch r.PeekKind() {
	case 'n':
		_, err := r.ReadValue()
		return "", err
	case '"':
		v, err := r.quoted()
		return string(v), err
	}
	v, err := r.ReadValue()
	if err == nil && r.plain != nil && !v.IsValid(options) {
		err = errTwice
	}
	return asText(v), err
}

// asText returns the text of a value that is kept as such, as UTF-8: to the
// decoder it need not be.
func asText(v jsontext.Value) string { return strings.ToValidUTF8(string(v), "\uFFFD") }

// Texts is a list of texts, without those that say nothing.
type Texts []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *Texts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return reading(dec, false, l.read)
}

func (l *Texts) read(r *reader) error {
	if r.PeekKind() != '[' {
		return none(r, "a list")
	}
	var list Texts // not behind what an attempt that failed has read
	err := r.list(func() error {
		v, err := r.element()
		if v != "" {
			list = append(list, v)
		}
		return err
	})
	if err == nil {
		*l = list
	}
	return err
}

// element reads a text of a list, which a number may stand for.
func (r *reader) element() (string, error) {
	if r.PeekKind() == '"' {
		v, err := r.quoted()
		return string(v), err
	}
	v, err := scalar(r)
	return string(v), err
}

// none reads what says that there is nothing where another kind is expected.
func none(t tokens, expected string) error {
	v, err := scalar(t)
	if err == nil && len(v) > 0 {
		err = odd("expected %s", expected)
	}
	return err
}

// JSON is a value that is kept as its text; empty for null, {} and [].
type JSON string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (j *JSON) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	v = v.Clone()
	if err := v.Compact(); err != nil {
		return err
	}
	switch string(v) {
	case "null", "{}", "[]":
		*j = ""
	default:
		*j = JSON(asText(v))
	}
	return nil
}
