package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads a document as a jsontext.Decoder does, in less time.
// It knows one error, ErrNotPlain: for what is no JSON, for what is nested deeply,
// and for what a Decoder would have to wait for. It does not look whether text is
// UTF-8, nor whether a name occurs twice.
type scanner struct {
	data    []byte
	at      int            // behind what was read
	last    lastToken      // what was read
	named   int            // where the name begins that was read last, behind the quotation mark
	escaped bool           // it is a text with a backslash
	kind    jsontext.Kind  // of the next token; 0: nobody has looked for it
	next    int            // where that begins
	member  bool           // the next value is one of an object
	depth   int            // of objects and lists that have begun
	objects [mostDeep]bool // which of them are within an object, not a list
}

// newScanner also reports whether the document is UTF-8.
func newScanner(data []byte) (s scanner, valid bool) {
	return scanner{data: data}, utf8.Valid(data)
}

// Of eight bytes that are looked at at once: all of them one, and the highest bits.
const ones, highest = 0x0101010101010101, 0x8080808080808080

// mostDeep is how deeply a document may be nested that the scanner reads. None of
// the platform's comes near.
const mostDeep = 32

// lastToken says what may come next.
type lastToken byte

const (
	opening lastToken = iota // of an object, of a list, or of the document
	name                     // of a member, with the colon behind it
	value                    // or the end of one
)

// unexpected is the kind of what may not come next. No Decoder has it.
const unexpected = '?'

// kinds are the kinds of tokens by their first byte.
var kinds = func() (kinds [256]jsontext.Kind) {
	for i := range kinds {
		kinds[i] = unexpected
	}
	for _, c := range []byte(`{}[]"tfn`) {
		kinds[c] = jsontext.Kind(c)
	}
	for _, c := range []byte(`-0123456789`) {
		kinds[c] = '0'
	}
	return kinds
}()

// peek returns the kind of the next token.
func (s *scanner) peek() jsontext.Kind {
	if s.kind == 0 {
		s.look()
	}
	return s.kind
}

// look finds the next token, behind what separates it from the last one.
func (s *scanner) look() {
	i, first := s.first(s.at)
	comma := first == ',' && s.last == value && s.depth > 0
	if comma {
		i, first = s.first(i + 1)
	}
	kind := kinds[first]
	var fits bool
	switch {
	case kind == '}' || kind == ']':
		fits = !comma && s.last != name && s.depth > 0 && s.member == (kind == '}')
	case s.last == name:
		fits = true
	default:
		fits = comma == (s.last == value) && (!s.member || kind == '"')
	}
	if !fits {
		kind = unexpected
	}
	s.kind, s.next = kind, i
}

// first returns the first byte from i on that is no white space, and its place;
// zero at the end.
func (s *scanner) first(i int) (int, byte) {
	for ; i < len(s.data); i++ {
		if c := s.data[i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return i, c
		}
	}
	return i, 0
}

// token reads the next token, and returns its text.
func (s *scanner) token() ([]byte, error) {
	kind, begin := s.peek(), s.next
	end, last := begin+1, value
	switch kind {
	case '{', '[':
		if s.depth == mostDeep {
			return nil, ErrNotPlain
		}
		s.objects[s.depth] = s.member
		s.depth++
		s.member, last = kind == '{', opening
	case '}', ']':
		s.depth--
		s.member = s.objects[s.depth]
	case '"':
		return s.quoted()
	case '0':
		end = s.number(begin)
	case 't':
		end = s.literal(begin, "true")
	case 'f':
		end = s.literal(begin, "false")
	case 'n':
		end = s.literal(begin, "null")
	default:
		end = -1
	}
	if end < 0 {
		return nil, ErrNotPlain
	}
	s.at, s.last, s.kind = end, last, 0
	return s.data[begin:end], nil
}

// quoted reads the text that is next, or the name with the colon behind it.
func (s *scanner) quoted() ([]byte, error) {
	begin := s.next
	end := s.text(begin + 1)
	if end < 0 {
		return nil, ErrNotPlain
	}
	if !s.member || s.last == name {
		s.at, s.last, s.kind = end, value, 0
		return s.data[begin:end], nil
	}
	colon, is := s.first(end)
	if is != ':' {
		return nil, ErrNotPlain
	}
	s.at, s.last, s.kind, s.named = colon+1, name, 0, begin+1
	return s.data[begin:end], nil
}

// whole reads the next value, and returns its text.
func (s *scanner) whole() ([]byte, error) {
	if kind := s.peek(); kind == '}' || kind == ']' {
		return nil, ErrNotPlain
	}
	begin, depth := s.next, s.depth
	v, err := s.token()
	for err == nil && s.depth > depth {
		_, err = s.token()
		v = s.data[begin:s.at]
	}
	return v, err
}

// end returns an error when there is more than white space behind what was read.
func (s *scanner) end() error {
	if i, _ := s.first(s.at); i < len(s.data) {
		return ErrNotPlain
	}
	return nil
}

// text returns the end of the text whose first byte is at i. It looks at 8 bytes at
// a time for what may not be passed over.
func (s *scanner) text(i int) (end int) {
	s.escaped = false
	for i+8 <= len(s.data) {
		w := binary.LittleEndian.Uint64(s.data[i:])
		quote, backslash := w^'"'*ones, w^'\\'*ones
		found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-' '*ones)&^w) & highest
		if found == 0 {
			i += 8
			continue
		}
		if i += bits.TrailingZeros64(found) / 8; s.data[i] == '"' { // mostly
			return i + 1
		}
		break
	}
	for ; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			s.escaped = true
			if i++; i == len(s.data) {
				return -1
			}
			if i = s.escape(i); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// escape returns the last byte of what is at i, behind a backslash.
func (s *scanner) escape(i int) int {
	switch s.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if i+4 >= len(s.data) {
			return -1
		}
		for _, c := range s.data[i+1 : i+5] {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

// number returns the end of the number at i.
func (s *scanner) number(i int) int {
	if s.data[i] == '-' {
		i++
	}
	if i < len(s.data) && s.data[i] == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return -1
	}
	if i < len(s.data) && s.data[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(s.data) && (s.data[i] == 'e' || s.data[i] == 'E') {
		if i++; i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits returns the end of the digits at i, of which there must be one.
func (s *scanner) digits(i int) int {
	begin := i
	for i < len(s.data) && '0' <= s.data[i] && s.data[i] <= '9' {
		i++
	}
	if i == begin {
		return -1
	}
	return i
}

func (s *scanner) literal(i int, is string) int {
	if end := i + len(is); end <= len(s.data) && string(s.data[i:end]) == is {
		return end
	}
	return -1
}
