package wire

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time is a point in time as the platform writes it: ISO 8601 with a zone and
// up to nine fraction digits, or epoch milliseconds, as a number or as text.
// null, "", {}, [] and the year 1 (which some SDKs make of "none") state
// nothing. It is kept to the microsecond.
type Time struct{ time.Time }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *Time) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return t.read(dec) }

func (t *Time) read(from tokens) error {
	v, err := scalar(from)
	if err != nil || len(v) == 0 {
		return err
	}
	t.Time, err = parseTime(v)
	return err
}

// Int is a whole number as the platform writes it: it may have a fraction or
// an exponent, or be text. null, "", {} and [] state nothing.
type Int int64

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Int) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return n.read(dec) }

func (n *Int) read(from tokens) error {
	v, err := scalar(from)
	if err != nil || len(v) == 0 {
		return err
	}
	i, err := parseInt(v)
	*n = Int(i)
	return err
}

// Score is a number that may be absent: zero is a score.
type Score struct{ Value *float64 }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *Score) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := scalar(dec)
	if err != nil || len(v) == 0 {
		return err
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return odd("expected a number")
	}
	s.Value = &f
	return nil
}

// scalar reads the next value: the text without its quotes, or the number;
// nothing for null, {} and [].
func scalar(from tokens) ([]byte, error) {
	kind := from.PeekKind()
	v, err := from.ReadValue()
	if err != nil {
		return nil, err
	}
	switch kind {
	case 'n':
		return nil, nil
	case '"':
		if bytes.IndexByte(v, '\\') >= 0 {
			return jsontext.AppendUnquote(nil, v)
		}
		return v[1 : len(v)-1], nil
	case '0':
		return v, nil
	case '{', '[':
		if len(bytes.TrimSpace(v[1:len(v)-1])) == 0 {
			return nil, nil
		}
	}
	return nil, odd("expected a number or a text, found %s", kindName(kind))
}

func parseInt(v []byte) (int64, error) {
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(v), 64)
	switch {
	case err != nil || math.IsNaN(f):
		return 0, odd("expected a number")
	case f >= math.MaxInt64 || f <= math.MinInt64:
		return 0, odd("the number is too large")
	}
	return int64(f), nil
}

// Times outside of these years are mistakes: Genesys is younger, and a number
// of seconds in the place of milliseconds falls before them.
const (
	firstYear = 1990
	lastYear  = 2199
)

func parseTime(v []byte) (time.Time, error) {
	if len(v) >= 10 && v[4] == '-' {
		return parseISO(v)
	}
	n, err := parseInt(v)
	switch {
	case err != nil:
		return time.Time{}, odd("expected a time, as ISO 8601 or epoch milliseconds")
	case n == 0:
		return time.Time{}, nil
	}
	t := time.UnixMilli(n).UTC()
	if t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, odd("the number is not a time in epoch milliseconds")
	}
	return t, nil
}

// parseISO parses YYYY-MM-DDTHH:MM:SS[.fraction]zone.
func parseISO(v []byte) (time.Time, error) {
	digits := func(i, n int) int {
		value := 0
		for _, c := range v[i : i+n] {
			if c < '0' || c > '9' {
				return -1
			}
			value = value*10 + int(c-'0')
		}
		return value
	}
	if len(v) == 19 && v[10] == 'T' {
		return time.Time{}, odd("the time has no zone")
	}
	if len(v) < 20 || v[7] != '-' || v[10] != 'T' && v[10] != 't' && v[10] != ' ' || v[13] != ':' || v[16] != ':' {
		return time.Time{}, odd("the time is not of the form 2025-01-10T09:00:00.000Z")
	}
	year, month, day := digits(0, 4), digits(5, 2), digits(8, 2)
	hour, minute, second := digits(11, 2), digits(14, 2), digits(17, 2)
	rest := v[19:]
	micros := 0
	if rest[0] == '.' || rest[0] == ',' {
		n := 1
		for scale := 100_000; n < len(rest) && rest[n] >= '0' && rest[n] <= '9'; n++ {
			micros += int(rest[n]-'0') * scale
			scale /= 10
		}
		if n == 1 || n > 10 {
			return time.Time{}, odd("the time has a fraction of no or more than nine digits")
		}
		rest = rest[n:]
	}
	zone, err := parseZone(rest)
	if err != nil {
		return time.Time{}, err
	}
	if year == 1 {
		return time.Time{}, nil
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	if month < 1 || month > 12 || t.Day() != day || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, odd("the time does not exist in the calendar")
	}
	if year < firstYear || year > lastYear {
		return time.Time{}, odd("the year of the time cannot be right")
	}
	return t.Add(-zone), nil
}

func parseZone(v []byte) (time.Duration, error) {
	two := func(i int) int {
		if v[i] < '0' || v[i] > '9' || v[i+1] < '0' || v[i+1] > '9' {
			return 99
		}
		return int(v[i]-'0')*10 + int(v[i+1]-'0')
	}
	switch {
	case len(v) == 1 && (v[0] == 'Z' || v[0] == 'z'):
		return 0, nil
	case len(v) == 0:
		return 0, odd("the time has no zone")
	case v[0] != '+' && v[0] != '-':
		return 0, odd("the time ends in something that is not a zone")
	}
	var h, m int
	switch {
	case len(v) == 6 && v[3] == ':':
		h, m = two(1), two(4)
	case len(v) == 5:
		h, m = two(1), two(3)
	case len(v) == 3:
		h = two(1)
	default:
		h = 99
	}
	if h > 18 || m > 59 {
		return 0, odd("the time has a zone that does not exist")
	}
	zone := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if v[0] == '-' {
		zone = -zone
	}
	return zone, nil
}
