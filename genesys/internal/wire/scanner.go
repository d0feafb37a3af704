package wire

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads a document as a jsontext.Decoder does, in less time.
// It knows one error, ErrNotPlain: for what is no JSON, for what is nested deeply,
// and for what a Decoder would have to wait for. It does not look whether text is
// UTF-8, nor whether a name occurs twice.
type scanner struct {
	data      []byte
	controls  bool           // there are control characters
	backslash int            // the next one, as far as somebody has looked
	at        int            // behind what was read
	last      lastToken      // what was read
	named     int            // where the name begins that was read last, behind the quotation mark
	escaped   bool           // it is a text with a backslash
	kind      byte           // of the next token; 0: nobody has looked for it
	next      int            // where that begins
	member    bool           // the next value is one of an object
	depth     int            // of objects and lists that have begun
	objects   [mostDeep]bool // which of them are within an object, not a list
}

// newScanner also reports whether the document is UTF-8.
func newScanner(data []byte) (s scanner, valid bool) {
	controls, ascii := characters(data)
	return scanner{data: data, controls: controls}, ascii || utf8.Valid(data)
}

// characters reports whether there is a control character, and whether there is nothing but
// ASCII. It looks at 32 bytes at a time.
func characters(data []byte) (controls, ascii bool) {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	var low, high uint64 // the highest bits of bytes that are a control character, or no ASCII
	for ; len(data) >= 32; data = data[32:] {
		a, b := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
		c, d := binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint64(data[24:])
		low |= (a-' '*ones)&^a | (b-' '*ones)&^b | (c-' '*ones)&^c | (d-' '*ones)&^d
		high |= a | b | c | d
	}
	for _, c := range data {
		if c < ' ' {
			low = highest
		}
		high |= uint64(c)
	}
	return low&highest != 0, high&highest == 0
}

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

// unexpected is the kind of what may not come next.
const unexpected = '?'

// kinds are the kinds of tokens by their first byte.
var kinds = func() (kinds [256]byte) {
	for i := range kinds {
		kinds[i] = unexpected
	}
	for _, c := range []byte(`{}[]"tfn`) {
		kinds[c] = c
	}
	for _, c := range []byte(`-0123456789`) {
		kinds[c] = '0'
	}
	return kinds
}()

// peek returns the kind of the next token.
func (s *scanner) peek() byte {
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
		if end = s.text(end); s.member && s.last != name {
			return s.name(begin, end)
		}
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

// name reads the colon behind a name.
func (s *scanner) name(begin, end int) ([]byte, error) {
	colon, is := s.first(max(end, begin))
	if end < 0 || is != ':' {
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

// text returns the end of the text whose first byte is at i.
func (s *scanner) text(i int) (end int) {
	s.escaped = false
	if end = bytes.IndexByte(s.data[i:], '"'); end < 0 {
		return -1
	}
	if end += i; !s.controls && end < s.nextBackslash(i) {
		return end + 1
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

// nextBackslash returns where the next backslash is, from i on.
func (s *scanner) nextBackslash(i int) int {
	if s.backslash < i {
		if s.backslash = bytes.IndexByte(s.data[i:], '\\'); s.backslash < 0 {
			s.backslash = len(s.data)
		} else {
			s.backslash += i
		}
	}
	return s.backslash
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

// kindOf is how a Decoder names the kind of a token.
func kindOf(kind byte) jsontext.Kind {
	if kind == unexpected {
		return 0
	}
	return jsontext.Kind(kind)
}
