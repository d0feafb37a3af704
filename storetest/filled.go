package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// filler fills every exported field of a conversation, each with a value of
// its own, so that a store that forgets a field or takes one for another is
// found out, whatever fields there will be. Fillers with different salts agree
// on what tells entities apart and on nothing else.
type filler struct {
	t    testing.TB
	salt int
	n    int
}

// filled returns a conversation in which every field is stated.
func filled(t testing.TB, id string, salt int, by conversation.Statement) *conversation.Conversation {
	c := &conversation.Conversation{}
	f := filler{t: t, salt: salt}
	f.fill(reflect.ValueOf(c).Elem(), "c")
	c.ID = id
	c.RecordedEnd = at(1_000_000 + salt) // after everything else, so that the conversation has ended
	return conversation.State(c, by)
}

// keys are the fields that tell an entity apart from its siblings.
var keys = map[reflect.Type][]string{
	reflect.TypeFor[conversation.Conversation](): {"ID"},
	reflect.TypeFor[conversation.Participant]():  {"ID"},
	reflect.TypeFor[conversation.Session]():      {"ID"},
	reflect.TypeFor[conversation.Segment]():      {"Type", "Start"},
	reflect.TypeFor[conversation.Metric]():       {"Name", "EmitDate"},
	reflect.TypeFor[conversation.Transfer]():     {"ID"},
	reflect.TypeFor[conversation.Survey]():       {"ID"},
	reflect.TypeFor[conversation.Evaluation]():   {"ID"},
}

func (f *filler) fill(v reflect.Value, path string) {
	f.n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = at(f.n).Add(time.Duration(f.salt)*time.Minute + time.Duration(f.n)*time.Microsecond)
		return
	case **float64:
		score := float64(f.n) + float64(f.salt)/8
		*x = &score
		return
	case *map[string]string:
		// The names are the same for all salts: the values are what they differ in.
		*x = map[string]string{path + " first": f.text(path), path + " second": f.text(path), path + " empty": ""}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		f.fillStruct(v, path)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		// Downwards, so that a list that is put in order is told from one that is not.
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(1), path+"1")
		f.fill(v.Index(0), path+"2")
	case reflect.String:
		v.SetString(f.text(path))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(1000*f.n + f.salt))
	default:
		f.t.Fatalf("storetest cannot fill %s, a field of type %s", path, v.Type())
	}
}

func (f *filler) fillStruct(v reflect.Value, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		g := f
		if isKey(v.Type(), field.Name) {
			g = &filler{t: f.t, n: f.n} // the same key for all salts
		}
		g.fill(v.Field(i), path+"."+field.Name)
		f.n = g.n
	}
}

func isKey(entity reflect.Type, field string) bool {
	for _, key := range keys[entity] {
		if key == field {
			return true
		}
	}
	return false
}

func (f *filler) text(path string) string {
	f.n++
	return fmt.Sprintf("%s %d/%d", path[strings.LastIndex(path, ".")+1:], f.n, f.salt)
}

// firstZero returns the path of an exported field below v that is zero; empty
// when there is none.
func firstZero(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return firstZero(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if zero := firstZero(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); zero != "" {
				return zero
			}
		}
	case reflect.Struct:
		if _, isTime := v.Interface().(time.Time); isTime {
			break
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if zero := firstZero(v.Field(i), path+"."+f.Name); zero != "" {
					return zero
				}
			}
		}
		return ""
	}
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return path
	}
	return ""
}
