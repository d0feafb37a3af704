package rows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
)

// mapping is how an entity becomes the columns beside its key: what it belongs
// to, what is derived, a column for each of some fields, then the attributes,
// "more" and the provenance.
type mapping[E any] struct {
	owners        []Column
	derived       []derived[E]
	attributes    func(*E) *map[string]string
	provenance    func(e *E, b []byte) []byte
	setProvenance func(*E, []byte) error

	fields []field[E] // with a column of their own
	rest   []field[E] // in "more"
	byName map[string]field[E]
}

// derived is a column that is written for reports and not read back.
type derived[E any] struct {
	column Column
	value  func(*E) Value
}

// field is a field of an entity with its column.
type field[E any] struct {
	conversation.Field[E]
	column Column
	access
}

// of completes the mapping with the fields, of which the named ones have
// columns, in this order. It panics when a field cannot be stored, or there is
// none of a name: a test of this package would have found that.
func (m mapping[E]) of(fields []conversation.Field[E], names ...string) *mapping[E] {
	m.byName = make(map[string]field[E], len(fields))
	var none E
	for _, f := range fields {
		kind, a := accessTo(f.Value(&none))
		m.byName[f.Name] = field[E]{f, Column{Name: snake(f.Name), Kind: kind, Required: kind == Bool}, a}
		if !slices.Contains(names, f.Name) {
			m.rest = append(m.rest, m.byName[f.Name])
		}
	}
	for _, name := range names {
		f, known := m.byName[name]
		if !known {
			panic("rows: there is no field " + name)
		}
		if f.column.Kind == JSON {
			panic("rows: the field " + name + " cannot have a column")
		}
		m.fields = append(m.fields, f)
	}
	return &m
}

// columns returns the columns beside the key.
func (m *mapping[E]) columns() []Column {
	columns := slices.Clone(m.owners)
	for _, d := range m.derived {
		columns = append(columns, d.column)
	}
	for _, f := range m.fields {
		columns = append(columns, f.column)
	}
	if m.attributes != nil {
		columns = append(columns, Column{Name: "attributes", Kind: JSON})
	}
	return append(columns, Column{Name: "more", Kind: JSON}, Column{Name: "provenance", Kind: Blob, Required: true})
}

// snake writes a name of camel case in snake case.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if 'A' <= r && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// appendTo appends the values of e's columns after the owners.
func (m *mapping[E]) appendTo(dst []Value, e *E, scratch []byte) ([]Value, []byte) {
	for i := range m.derived {
		dst = append(dst, m.derived[i].value(e))
	}
	n, width := len(dst), len(m.fields)
	dst = slices.Grow(dst, width)[:n+width]
	clear(dst[n:])
	for i := range m.fields {
		f, v := &m.fields[i], &dst[n+i]
		if v.Valid = f.column.Required; !f.IsZero(e) {
			f.put(v, f.Value(e))
		}
	}
	if m.attributes != nil {
		scratch = appendObject(scratch[:0], *m.attributes(e))
		dst = append(dst, textValue(string(scratch)))
	}
	scratch = scratch[:0]
	for i := range m.rest {
		f := &m.rest[i]
		if f.IsZero(e) {
			continue
		}
		scratch = appendName(scratch, f.Name)
		scratch = f.appendJSON(scratch, f.Value(e))
	}
	if len(scratch) > 0 {
		scratch = append(scratch, '}')
	}
	more := textValue(string(scratch))
	scratch = m.provenance(e, scratch[:0])
	return append(dst, more, keyText(string(scratch))), scratch
}

// read fills e from the values of its columns after the owners.
func (m *mapping[E]) read(e *E, values []Value) error {
	values = values[len(m.derived):]
	for i := range m.fields {
		f := &m.fields[i]
		if v := &values[i]; v.Valid {
			f.set(f.Value(e), v)
		}
	}
	values = values[len(m.fields):]
	if m.attributes != nil {
		if v := &values[0]; v.Valid {
			attributes, err := parseObject(v.Text)
			if err != nil {
				return fmt.Errorf("attributes: %w", err)
			}
			*m.attributes(e) = attributes
		}
		values = values[1:]
	}
	if err := m.readMore(e, values[0].Text); err != nil {
		return fmt.Errorf("more: %w", err)
	}
	return m.setProvenance(e, []byte(values[1].Text))
}
