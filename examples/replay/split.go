package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// splitter cuts concatenated JSON values apart, as a bufio.SplitFunc that goes
// on where it stopped when more arrives. A value that is cut is one piece up to
// the next line that begins a value, so that what is behind it is still read.
type splitter struct {
	scanned int // bytes of the value that have been looked at
	depth   int
	inText  bool
	escaped bool

	ended bool // the end of the input has cut a value
	again bool // the piece is of the same cut
}

func (s *splitter) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	start := 0
	for s.scanned == 0 && start < len(data) && isBetween(data[start]) {
		start++
	}
	value := data[start:]
	if len(value) == 0 {
		return start, nil, nil
	}
	end, ok := s.end(value, atEOF)
	if !ok && !atEOF {
		return start, nil, nil // it needs more to decide
	}
	again := false
	if !ok {
		again, s.ended = s.ended, true
		end, _ = broken(value, true)
	}
	*s = splitter{ended: s.ended, again: again}
	return start + end, bytes.TrimRight(value[:end], " \t\r\n"), nil
}

// isBetween reports whether c may stand between values: white space, commas,
// record separators, the bytes of a byte order mark.
func isBetween(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', 0x1e, 0xef, 0xbb, 0xbf:
		return true
	}
	return false
}

// end returns where the value ends; false when that is not in sight.
func (s *splitter) end(value []byte, atEOF bool) (int, bool) {
	switch value[0] {
	case '{', '[', '"':
	case '}', ']', ':':
		return broken(value, atEOF) // the beginning is cut off
	default:
		return word(value, atEOF)
	}
	for ; s.scanned < len(value); s.scanned++ {
		switch c := value[s.scanned]; {
		case s.escaped:
			s.escaped = false
		case s.inText && c == '\\':
			s.escaped = true
		case s.inText && c == '\n': // no text goes over a line
			return broken(value, atEOF)
		case c == '"':
			s.inText = !s.inText
		case s.inText:
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			s.depth--
		}
		if s.depth == 0 && !s.inText {
			return s.whole(value, atEOF)
		}
	}
	return 0, false
}

// whole returns the end of a value that has been looked at. A text before a
// colon is no value but a name, of an object whose beginning is cut off.
func (s *splitter) whole(value []byte, atEOF bool) (int, bool) {
	end := s.scanned + 1
	if value[0] != '"' {
		return end, true
	}
	rest := bytes.TrimLeft(value[end:], " \t")
	switch {
	case len(rest) > 0 && rest[0] == ':':
		return broken(value, atEOF)
	case len(rest) == 0 && !atEOF:
		s.inText = true // it will be looked at again
		return 0, false
	}
	return end, true
}

// word returns the end of a number or a word, of JSON or not.
func word(value []byte, atEOF bool) (int, bool) {
	if value[0] < ' ' { // nothing begins so: it is in another encoding, or the file has holes
		if n := bytes.IndexFunc(value, func(r rune) bool { return r >= ' ' || r == '\n' }); n > 0 {
			return n, true
		}
		return len(value), true
	}
	i := bytes.IndexFunc(value, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`,{["}]:`, r) })
	switch {
	case i < 0:
		return len(value), atEOF
	case strings.ContainsRune(`"}]:`, rune(value[i])) && !json.Valid(value[:i]):
		return broken(value, atEOF) // the end of a text whose beginning is cut off
	}
	return i, true
}

// broken returns the end of a value that is cut: the next line that begins a
// value, or the end of the input.
func broken(value []byte, atEOF bool) (int, bool) {
	for i := 0; ; {
		n := bytes.IndexByte(value[i:], '\n')
		if n < 0 {
			return len(value), atEOF
		}
		i += n + 1
		rest := bytes.TrimLeft(value[i:], "\x1e")
		if len(rest) < 2 && !atEOF {
			return 0, false
		}
		if begins(rest) {
			return i, true
		}
	}
}

// begins reports whether a line begins a value: an object, a list, or a text
// that holds one. Within a value, such lines are indented.
func begins(line []byte) bool {
	line = bytes.TrimPrefix(line, []byte{'"'})
	return len(line) > 0 && (line[0] == '{' || line[0] == '[')
}
