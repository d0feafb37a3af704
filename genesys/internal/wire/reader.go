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
	*jsontext.Decoder
	*memory
	valid bool   // all that is read is UTF-8
	loose []byte // the document, if the decoder lets names occur twice: the reader looks for them, which is cheaper
}

// memory is what readers leave to others.
type memory struct {
	known texts
	seen  []place // of the members that were read, of all objects that have begun
}

// mostSeen is how many names may have been seen at a time whose memory is kept.
const mostSeen = 4096

// texts are those that were read lately. Each has the choice of two places, by
// its hash: in one, two texts that every message has could drive each other out
// for ever.
type texts [128][2]string

var memories = sync.Pool{New: func() any { return &memory{} }}

// reading calls read with a reader of the next value of dec, of which all is
// in rest.
func reading(dec *jsontext.Decoder, rest []byte, read func(r *reader) error) error {
	m := memories.Get().(*memory)
	defer memories.Put(m)
	if m.seen = m.seen[:0]; cap(m.seen) > mostSeen {
		m.seen = nil
	}
	return read(&reader{Decoder: dec, memory: m, valid: utf8.Valid(rest)})
}

// object calls member for each member of an object, with its name; member
// reads the value.
func (r *reader) object(member func(name []byte) error) error {
	if r.PeekKind() != '{' {
		return r.other(&struct{}{})
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	mine := names{begin: len(r.seen)}
	for r.PeekKind() != '}' {
		name, err := r.quoted()
		if err != nil {
			return err
		}
		if r.loose != nil && !mine.add(r, name) {
			return errTwice
		}
		if err := member(name); err != nil {
			return r.at(err)
		}
	}
	r.seen = r.seen[:mine.begin]
	_, err := r.ReadToken()
	return err
}

// skip passes over a value that nobody wants.
func (r *reader) skip() error {
	if r.loose == nil {
		return r.SkipValue()
	}
	switch r.PeekKind() {
	case '{':
		return r.object(func([]byte) error { return r.skip() })
	case '[':
		return r.list(r.skip)
	}
	_, err := r.ReadValue()
	return err
}

// list calls element for each element of a list, to read it.
func (r *reader) list(element func() error) error {
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	for r.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	_, err := r.ReadToken()
	return err
}

// other reads a value of a kind that occurs rarely, with the options of the
// decoder.
func (r *reader) other(into any) error {
	if r.loose == nil {
		return json.UnmarshalDecode(r.Decoder, into)
	}
	v, err := r.ReadValue()
	if err != nil {
		return err
	}
	return json.Unmarshal(v, into, options)
}

// at says where an odd value is.
func (r *reader) at(err error) error {
	if odd, ok := err.(*oddValue); ok { //nolint:errorlint // only what has no place yet
		return &json.SemanticError{JSONPointer: r.StackPointer(), Err: odd}
	}
	return err
}

// quoted reads a text or a name, which is valid until the next one is read.
func (r *reader) quoted() ([]byte, error) {
	v, err := r.ReadValue()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(v, '\\') >= 0 || !r.valid && !utf8.Valid(v) {
		v, _ = jsontext.AppendUnquote(nil, v) // its error: that it has made text of what was none
		return v, nil
	}
	return v[1 : len(v)-1], nil
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
	token, err := r.ReadToken()
	*into = err == nil && token.Bool()
	return err
}
