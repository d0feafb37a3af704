package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// differences says in what got and want differ, a line for each value; empty
// when they are equal.
func differences(got, want any) string {
	if alike(reflect.ValueOf(got), reflect.ValueOf(want)) {
		return ""
	}
	have, wanted := leaves(got), leaves(want)
	if maps.Equal(have, wanted) {
		return ""
	}
	var lines []string
	for path, value := range have {
		if other, known := wanted[path]; !known {
			lines = append(lines, fmt.Sprintf("  %s is %s, and must not be there", path, value))
		} else if other != value {
			lines = append(lines, fmt.Sprintf("  %s is %s, and must be %s", path, value, other))
		}
	}
	for path, value := range wanted {
		if _, known := have[path]; !known {
			lines = append(lines, fmt.Sprintf("  %s is missing, and must be %s", path, value))
		}
	}
	slices.Sort(lines)
	const most = 12
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("  and %d more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// alike reports that the two have the same leaves, without writing them out:
// most have. Where it reports false, the leaves decide.
func alike(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Func:
		return true
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return alike(a.Elem(), b.Elem())
	case reflect.Struct:
		if x, ok := reflect.TypeAssert[time.Time](a); ok {
			y := b.Interface().(time.Time)
			return x.IsZero() == y.IsZero() && x.Truncate(time.Microsecond).Equal(y.Truncate(time.Microsecond))
		}
		for i := range a.NumField() {
			if exported := a.Field(i).CanInterface(); exported && !alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		if a.Type().Elem().Kind() == reflect.Uint8 {
			return bytes.Equal(a.Bytes(), b.Bytes())
		}
		for i := range a.Len() {
			if !alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for each := a.MapRange(); each.Next(); {
			if !alike(each.Value(), b.MapIndex(each.Key())) {
				return false
			}
		}
		return true
	default:
		return a.Comparable() && a.Equal(b)
	}
}

// leaves writes out every exported value below v by its path. Times are equal
// when they are the same instant to the microsecond, and no list is the same
// as an empty one: databases keep no more.
func leaves(v any) map[string]string {
	out := map[string]string{}
	addLeaves(out, "", reflect.ValueOf(v))
	return out
}

func addLeaves(out map[string]string, path string, v reflect.Value) {
	name := path
	if name == "" {
		name = "it"
	}
	switch v.Kind() {
	case reflect.Invalid, reflect.Func:
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			addLeaves(out, path, v.Elem())
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			out[name] = instant(at)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				addLeaves(out, strings.TrimPrefix(path+"."+f.Name, "."), v.Field(i))
			}
		}
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			out[name] = abridged(string(b))
			return
		}
		out["len("+name+")"] = fmt.Sprint(v.Len())
		for i := range v.Len() {
			addLeaves(out, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		out["len("+name+")"] = fmt.Sprint(v.Len())
		for _, key := range v.MapKeys() {
			addLeaves(out, fmt.Sprintf("%s[%q]", path, key), v.MapIndex(key))
		}
	case reflect.String:
		out[name] = abridged(v.String())
	default:
		out[name] = fmt.Sprint(v.Interface())
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}

// abridged quotes s. What is too long to read is told apart by its length and
// a checksum.
func abridged(s string) string {
	const most = 200
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	sum := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return fmt.Sprintf("%q… (%d bytes, %x)", s[:40], len(s), sum)
}

// conversationDiffers says in what a conversation from the store differs from
// the one that was committed; empty when nothing that could be told apart
// does.
func conversationDiffers(got, want *conversation.Conversation) string {
	if d := differences(got, want); d != "" || got == nil || want == nil {
		return d
	}
	have, err := json.Marshal(got)
	if err != nil {
		return "it cannot be written as JSON: " + err.Error()
	}
	wanted, err := json.Marshal(want)
	if err != nil {
		return "the suite's own conversation cannot be written as JSON: " + err.Error()
	}
	if string(have) != string(wanted) {
		return fmt.Sprintf("as JSON it is\n  %s\nand must be\n  %s", have, wanted)
	}
	if d := differences(legs(got), legs(want)); d != "" {
		return "its legs are not the same:\n" + d
	}
	if got.Provisional() != want.Provisional() {
		return fmt.Sprintf("Provisional is %v, and must be %v", got.Provisional(), want.Provisional())
	}
	// Who said what and when cannot be read, but it shows when one is joined to
	// the other.
	if d := conversation.Diff(got, conversation.Merge(got, want)); !d.Empty() {
		return "it is not remembered who said this, or since when:\n" + rows(d)
	}
	if d := conversation.Diff(want, conversation.Merge(want, got)); !d.Empty() {
		return "this is remembered from somebody who did not say it, or later than it was said:\n" + rows(d)
	}
	return ""
}

// rows names the rows of a delta.
func rows(d conversation.Delta) string {
	var out []string
	if d.Conversation {
		out = append(out, "  the conversation")
	}
	for _, p := range d.Participants {
		out = append(out, "  participant "+p.ID)
	}
	for _, s := range d.Sessions {
		out = append(out, "  session "+s.ID+" of participant "+s.ParticipantID)
	}
	for _, s := range d.Segments {
		out = append(out, fmt.Sprintf("  segment %s at %s of session %s", s.Type, instant(s.Start), s.SessionID))
	}
	for _, m := range d.Metrics {
		out = append(out, fmt.Sprintf("  metric %s at %s of session %s", m.Name, instant(m.EmitDate), m.SessionID))
	}
	if d.Transfers {
		out = append(out, "  the transfers")
	}
	for _, s := range d.Surveys {
		out = append(out, "  survey "+s.ID)
	}
	for _, e := range d.Evaluations {
		out = append(out, "  evaluation "+e.ID)
	}
	const most = 8
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("  and %d more", len(out)-most))
	}
	return strings.Join(out, "\n")
}

// leg is a conversation.Leg with ids in place of what it points to.
type leg struct {
	Participant, Session string
	conversation.Leg
}

func legs(c *conversation.Conversation) []leg {
	var all []leg
	for _, l := range c.Legs() {
		short := leg{l.Participant.ID, l.Session.ID, l}
		short.Leg.Participant, short.Leg.Session = nil, nil
		all = append(all, short)
	}
	return all
}
