package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// appendName appends the name of the next member of an object, and what goes
// before it; b is empty at the first one.
func appendName(b []byte, name string) []byte {
	if len(b) == 0 {
		b = append(b, '{')
	} else {
		b = append(b, ',')
	}
	return append(appendText(b, name), ':')
}

const hex = "0123456789abcdef"

// appendText appends s as a JSON string. What is not UTF-8 is replaced.
func appendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// appendTime appends t as a JSON string, in UTC and to the microsecond.
func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = bounded(t).UTC().Truncate(time.Microsecond).AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// A time in JSON has a year of four digits.
var (
	firstTime = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
)

// bounded returns the nearest time to t that can be written as JSON.
func bounded(t time.Time) time.Time {
	switch {
	case t.After(lastTime):
		return lastTime
	case t.Before(firstTime):
		return firstTime
	}
	return t
}

// jsonTime is a time in a row, which may be of a version that does not bound them: one
// of a longer year is read as the last one, and keeps nothing else from being read.
type jsonTime struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *jsonTime) UnmarshalJSON(data []byte) error {
	year, _, found := bytes.Cut(bytes.Trim(data, `"`), []byte("-"))
	if n, err := strconv.Atoi(string(year)); found && err == nil && n > lastTime.Year() {
		t.Time = lastTime
		return nil
	}
	return t.Time.UnmarshalJSON(data)
}

func appendList[V any](b []byte, list []V, appendOne func([]byte, V) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendOne(b, v)
	}
	return append(b, ']')
}

// AppendList appends the value of a column of kind Texts as a JSON array, for
// engines without lists.
func AppendList(b []byte, list []string) []byte { return appendList(b, list, appendText) }

// ParseList reads what AppendList wrote.
func ParseList(s string) (list []string, err error) {
	err = json.Unmarshal([]byte(s), &list)
	return list, err
}

// appendObject appends the map in the order of its names; nothing when it is
// empty.
func appendObject(b []byte, m map[string]string) []byte {
	if len(m) == 0 {
		return b
	}
	var few [16]string
	names := slices.AppendSeq(few[:0], maps.Keys(m))
	slices.Sort(names)
	for _, name := range names {
		b = appendText(appendName(b, name), m[name])
	}
	return append(b, '}')
}

func parseObject(s string) (m map[string]string, err error) {
	err = json.Unmarshal([]byte(s), &m)
	return m, err
}

// readMore reads the fields in "more". A field that has got a column since is
// read from there too.
func (m *mapping[E]) readMore(e *E, s string) error {
	if s == "" {
		return nil
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &more); err != nil {
		return err
	}
	for name, data := range more {
		f, known := m.byName[name]
		if !known {
			return fmt.Errorf("the field %q is not known: a newer version wrote it", name)
		}
		if err := f.parseJSON(data, f.Value(e)); err != nil {
			return fmt.Errorf("the field %q: %w", name, err)
		}
	}
	return nil
}
