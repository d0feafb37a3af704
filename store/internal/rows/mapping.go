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

	table  conversation.Fields[E]
	all    []field[E] // in the order of the table
	fields []field[E] // with a column of their own
	empty  []Value    // the values of their columns when they are zero
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
	place  int // of the column among those of fields; inMore: it has none
	access
}

const inMore = -1

// of completes the mapping with the fields, of which the named ones have
// columns, in this order. It panics when a field cannot be stored, or there is
// none of a name: a test of this package would have found that.
func (m mapping[E]) of(table conversation.Fields[E], names ...string) *mapping[E] {
	m.table, m.byName = table, map[string]field[E]{}
	var none E
	for _, f := range table.List() {
		kind, a := accessTo(f.Value(&none))
		x := field[E]{f, Column{Name: snake(f.Name), Kind: kind, Required: kind == Bool}, slices.Index(names, f.Name), a}
		m.all, m.byName[f.Name] = append(m.all, x), x
	}
	for _, name := range names {
		f, known := m.byName[name]
		if !known {
			panic("rows: there is no field " + name)
		}
		if f.column.Kind == JSON {
			panic("rows: the field " + name + " cannot have a column")
		}
		m.fields, m.empty = append(m.fields, f), append(m.empty, Value{Valid: f.column.Required})
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

// scratch is memory for composing rows.
type scratch struct {
	places []int
	text   []byte
}

// appendTo appends the values of e's columns after the owners.
func (m *mapping[E]) appendTo(dst []Value, e *E, x *scratch) []Value {
	for i := range m.derived {
		dst = append(dst, m.derived[i].value(e))
	}
	n := len(dst)
	dst = append(dst, m.empty...)
	x.places, x.text = m.table.AppendPlaces(x.places[:0], e), x.text[:0]
	for _, i := range x.places {
		f := &m.all[i]
		if f.place != inMore {
			f.put(&dst[n+f.place], f.Value(e))
			continue
		}
		x.text = f.appendJSON(appendName(x.text, f.Name), f.Value(e))
	}
	if len(x.text) > 0 {
		x.text = append(x.text, '}')
	}
	more := textValue(string(x.text))
	if m.attributes != nil {
		x.text = appendObject(x.text[:0], *m.attributes(e))
		dst = append(dst, textValue(string(x.text)))
	}
	x.text = m.provenance(e, x.text[:0])
	return append(dst, more, keyText(string(x.text)))
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
