package pgstore

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// The functions below make values of columns and parameters.

func textOf(s string) rows.Value       { return rows.Value{Valid: true, Text: s} }
func textsOf(list []string) rows.Value { return rows.Value{Valid: true, List: &list} }
func integerOf(n int64) rows.Value     { return rows.Value{Valid: true, Int: n} }
func timeOf(t time.Time) rows.Value    { return rows.Value{Valid: true, Int: t.UnixMicro()} }

func boolOf(b bool) rows.Value {
	if b {
		return integerOf(1)
	}
	return integerOf(0)
}

// orNull is null for an empty text.
func orNull(s string) rows.Value { return rows.Value{Valid: s != "", Text: s} }

// knownTime is null for a time that is not known.
func knownTime(t time.Time) rows.Value { return rows.Value{Valid: !t.IsZero(), Int: t.UnixMicro()} }

// ceiling is the first microsecond that is not before a time, for comparing with what
// is stored; null for one that is not known.
func ceiling(t time.Time) rows.Value {
	if t.IsZero() {
		return rows.Value{}
	}
	return timeOf(t.Add(time.Microsecond - 1))
}

// storableJSON returns a JSON document as PostgreSQL can read it: an escaped
// zero byte is valid JSON, but no function takes it.
func storableJSON(s string) string {
	s = rows.Storable(s)
	if !strings.Contains(s, `\u0000`) {
		return s
	}
	b := []byte(s)
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if b[i+1] == 'u' && strings.HasPrefix(s[i:], `\u0000`) {
			copy(b[i:], `\ufffd`)
		}
		i++ // what is escaped begins no other escape
	}
	return string(b)
}

// sorted returns the keys in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
