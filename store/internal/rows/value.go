package rows

import (
	"math"
	"time"
)

// Kind is the type of a column.
type Kind uint8

// The kinds of columns.
const (
	Text    Kind = iota
	Bool         // Int is 0 or 1; never null
	Integer      // 64 bits
	Float
	Time  // Int is microseconds since 1970
	JSON  // Text is the document
	Blob  // Text is the bytes
	Texts // List; in order
)

// Value is the value of a column in a row. Which field has it follows from the
// kind of the column. A batch has tens of thousands of them, so it is small.
type Value struct {
	Valid bool // else it is null
	Int   int64
	Text  string
	List  *[]string // not to be changed
}

// Float returns the value of a column of kind Float.
func (v Value) Float() float64 { return math.Float64frombits(uint64(v.Int)) }

// FloatValue returns the value of a column of kind Float.
func FloatValue(f float64) Value { return Value{Valid: true, Int: int64(math.Float64bits(f))} }

// Time returns the value of a column of kind Time, in UTC; zero for null.
func (v Value) Time() time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int).UTC()
}

func known(n int64) Value { return Value{Valid: true, Int: n} }

// The functions below make null of what is not known.

func textValue(s string) Value { return Value{Valid: s != "", Text: s} }
func textsValue(l []string) Value {
	if len(l) == 0 {
		return Value{}
	}
	return Value{Valid: true, List: &l}
}
func keyTime(t time.Time) Value   { return known(t.UnixMicro()) }
func keyText(s string) Value      { return Value{Valid: true, Text: s} }
func timeValue(t time.Time) Value { return Value{Valid: !t.IsZero(), Int: t.UnixMicro()} }

func boolValue(b bool) Value {
	if b {
		return known(1)
	}
	return known(0)
}
