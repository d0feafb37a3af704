package wire

import (
	"bytes"
	"hash/maphash"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// reader reads the objects that every notification is full of, member by
// member: by reflection, each of the members and of their types would be looked
// up. What is odd is left to the package json.
type reader struct {
	*memory
	dec   *jsontext.Decoder
	plain *scanner // instead of dec, if it is not nil: then the reader looks for names that occur twice
	valid bool     // all that is read is UTF-8
}

// tokens are those of a document: a reader has them, and a jsontext.Decoder.
type tokens interface {
	PeekKind() jsontext.Kind
	ReadValue() (jsontext.Value, error)
}

// PeekKind returns the kind of the next token.
func (r *reader) PeekKind() jsontext.Kind {
	if r.plain != nil {
		return r.plain.peek()
	}
	return r.dec.PeekKind()
}

// ReadValue reads the next value, which is valid until the next one is read.
func (r *reader) ReadValue() (jsontext.Value, error) {
	if r.plain != nil {
		return r.plain.whole()
	}
	return r.dec.ReadValue()
}

// bracket reads the beginning or the end of an object or of a list.
func (r *reader) bracket() (err error) {
	if r.plain != nil {
		_, err = r.plain.token()
	} else {
		_, err = r.dec.ReadToken()
	}
	return err
}

// memory is what readers leave to others.
type memory struct {
	known    texts
	seen     []place // of the members that were read, of all objects that have begun
	unquoted []byte  // the text that was read last, if it was not written as it is
	scanner  scanner
}

// What memory is kept: of how many names that were seen at a time, and of which
// length of a text.
const (
	mostSeen        = 4096
	longestUnquoted = 4096
)

// texts are those that were read lately. Each has the choice of two places, by
// its hash: in one, two texts that every message has could drive each other out
// for ever.
type texts [128][2]string

var memories = sync.Pool{New: func() any { return &memory{} }}

// reading calls read with a reader of the next value of dec; valid says that it
// is known to be UTF-8.
func reading(dec *jsontext.Decoder, valid bool, read func(r *reader) error) error {
	m := borrowMemory()
	defer memories.Put(m)
	return read(&reader{memory: m, dec: dec, valid: valid})
}

// readingPlain calls read with a reader of the document that knows no error but
// that it is not plain.
func readingPlain(data []byte, read func(r *reader) error) error {
	m := borrowMemory()
	defer memories.Put(m)
	var valid bool
	m.scanner, valid = newScanner(data)
	defer func() { m.scanner.data = nil }()
	if err := read(&reader{memory: m, plain: &m.scanner, valid: valid}); err != nil {
		return err
	}
	return m.scanner.end()
}

func borrowMemory() *memory {
	m := memories.Get().(*memory)
	if m.seen = m.seen[:0]; cap(m.seen) > mostSeen {
		m.seen = nil
	}
	if cap(m.unquoted) > longestUnquoted {
		m.unquoted = nil
	}
	return m
}

// object calls member for each member of an object, with its name; member
// reads the value.
func (r *reader) object(member func(name []byte) error) error {
	if r.PeekKind() != '{' {
		return r.other(&struct{}{})
	}
	if err := r.bracket(); err != nil {
		return err
	}
	if r.plain != nil {
		return r.plainMembers(member)
	}
	for r.PeekKind() != '}' {
		name, err := r.quoted()
		if err != nil {
			return err
		}
		if err := member(name); err != nil {
			return r.at(err)
		}
	}
	return r.bracket()
}

// plainMembers reads the members of an object of a plain document, and its end.
func (r *reader) plainMembers(member func(name []byte) error) error {
	mine := names{begin: len(r.seen)}
	for {
		switch r.plain.peek() {
		case '"':
			name, err := r.quoted()
			if err != nil {
				return err
			}
			if !mine.add(r, name) {
				return errTwice
			}
			if err := member(name); err != nil {
				return err
			}
		case '}':
			r.seen = r.seen[:mine.begin]
			return r.bracket()
		default:
			return ErrNotPlain
		}
	}
}

// skip passes over a value that nobody wants.
func (r *reader) skip() error {
	if r.plain == nil {
		return r.dec.SkipValue()
	}
	switch r.PeekKind() {
	case '{':
		return r.object(func([]byte) error { return r.skip() })
	case '[':
		return r.list(r.skip)
	}
	_, err := r.plain.token()
	return err
}

// list calls element for each element of a list, to read it.
func (r *reader) list(element func() error) error {
	if err := r.bracket(); err != nil {
		return err
	}
	for r.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	return r.bracket()
}

// other reads a value of a kind that occurs rarely, with the options of the
// decoder.
func (r *reader) other(into any) error {
	if r.plain == nil {
		return json.UnmarshalDecode(r.dec, into)
	}
	v, err := r.ReadValue()
	if err != nil {
		return err
	}
	return json.Unmarshal(v, into, options)
}

// at says where an odd value is.
func (r *reader) at(err error) error {
	if odd, ok := err.(*oddValue); ok && r.plain == nil { //nolint:errorlint // only what has no place yet
		return &json.SemanticError{JSONPointer: r.dec.StackPointer(), Err: odd}
	}
	return err
}

// quoted reads a text or a name, which is valid until the next one is read.
func (r *reader) quoted() (v []byte, err error) {
	if s := r.plain; s != nil && s.peek() == '"' {
		if v, err = s.quoted(); err == nil && r.valid && !s.escaped { // mostly
			return v[1 : len(v)-1], nil
		}
	} else {
		v, err = r.ReadValue()
	}
	if err != nil {
		return nil, err
	}
	if r.escaped(v) || !r.valid && !utf8.Valid(v) {
		r.unquoted, _ = jsontext.AppendUnquote(r.unquoted[:0], v) // its error: that it has made text of what was none
		return r.unquoted, nil
	}
	return v[1 : len(v)-1], nil
}

// escaped reports whether the text that was just read has a backslash.
func (r *reader) escaped(v []byte) bool {
	if r.plain != nil {
		return r.plain.escaped
	}
	return bytes.IndexByte(v, '\\') >= 0
}

// text reads a text.
func (r *reader) text(into *string) error {
	if r.PeekKind() != '"' {
		return r.other(into)
	}
	v, err := r.quoted()
	*into = r.known.text(v)
	return err
}

// unique reads a text that no other message has.
func (r *reader) unique(into *string) error {
	if r.PeekKind() != '"' {
		return ErrNotPlain
	}
	v, err := r.quoted()
	*into = string(v)
	return err
}

const longestKnown = 64

var seed = maphash.MakeSeed()

// text returns the text: the same one as before if it was there lately, as
// states, queues and users are.
func (k *texts) text(v []byte) string {
	if len(v) > longestKnown {
		return string(v)
	}
	places := &k[maphash.Bytes(seed, v)%uint64(len(k))]
	if places[0] == string(v) { // comparing makes no text of it
		return places[0]
	}
	was := places[0]
	if places[0] = places[1]; places[0] != string(v) {
		places[0] = string(v)
	}
	places[1] = was
	return places[0]
}

// bool reads a truth value.
func (r *reader) bool(into *bool) error {
	if k := r.PeekKind(); k != 't' && k != 'f' {
		return r.other(into)
	}
	v, err := r.ReadValue()
	*into = string(v) == "true"
	return err
}
