package rows

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// access reads and writes the fields of one type through a pointer, as
// conversation.Field.Value gives it.
type access struct {
	put        func(v *Value, p any) // what is not zero, into what is
	set        func(p any, v *Value)
	appendJSON func(b []byte, p any) []byte
	parseJSON  func(data []byte, p any) error
}

// accessTo returns the kind of column for what p points to, and how to access
// it. Types without a column of their own are of kind JSON.
func accessTo(p any) (Kind, access) {
	switch p.(type) {
	case *string:
		return Text, access{
			put:        func(v *Value, p any) { v.Valid, v.Text = true, *p.(*string) },
			set:        func(p any, v *Value) { *p.(*string) = v.Text },
			appendJSON: func(b []byte, p any) []byte { return appendText(b, *p.(*string)) },
			parseJSON:  parse,
		}
	case *bool:
		return Bool, access{
			put:        func(v *Value, _ any) { v.Int = 1 },
			set:        func(p any, v *Value) { *p.(*bool) = v.Int != 0 },
			appendJSON: func(b []byte, p any) []byte { return strconv.AppendBool(b, *p.(*bool)) },
			parseJSON:  parse,
		}
	case *int64:
		return Integer, access{
			put:        func(v *Value, p any) { v.Valid, v.Int = true, *p.(*int64) },
			set:        func(p any, v *Value) { *p.(*int64) = v.Int },
			appendJSON: func(b []byte, p any) []byte { return strconv.AppendInt(b, *p.(*int64), 10) },
			parseJSON:  parse,
		}
	case **float64:
		return Float, floatAccess
	case *time.Time:
		return Time, access{
			put:        func(v *Value, p any) { v.Valid, v.Int = true, p.(*time.Time).UnixMicro() },
			set:        func(p any, v *Value) { *p.(*time.Time) = v.Time() },
			appendJSON: func(b []byte, p any) []byte { return appendTime(b, *p.(*time.Time)) },
			parseJSON:  parse,
		}
	case *[]string:
		return Texts, access{
			put:        func(v *Value, p any) { v.Valid, v.List = true, p.(*[]string) },
			set:        func(p any, v *Value) { *p.(*[]string) = *v.List },
			appendJSON: func(b []byte, p any) []byte { return appendList(b, *p.(*[]string), appendText) },
			parseJSON:  parse,
		}
	case *[]int64:
		return JSON, access{
			appendJSON: func(b []byte, p any) []byte {
				return appendList(b, *p.(*[]int64), func(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) })
			},
			parseJSON: parse,
		}
	case *[]time.Time:
		return JSON, access{
			appendJSON: func(b []byte, p any) []byte { return appendList(b, *p.(*[]time.Time), appendTime) },
			parseJSON:  parse,
		}
	}
	if _, ok := p.(json.Unmarshaler); ok {
		return JSON, valuesAccess
	}
	if reflect.TypeOf(p).Elem().Kind() == reflect.String {
		return Text, namedTextAccess
	}
	panic(fmt.Sprintf("rows: a field of type %T cannot be stored", p))
}

// floatAccess is for numbers that may be absent.
var floatAccess = access{
	put: func(v *Value, p any) { *v = FloatValue(**p.(**float64)) },
	set: func(p any, v *Value) {
		f := v.Float()
		*p.(**float64) = &f
	},
	appendJSON: func(b []byte, p any) []byte {
		if f := *p.(**float64); f != nil {
			return strconv.AppendFloat(b, *f, 'g', -1, 64)
		}
		return append(b, "null"...)
	},
	parseJSON: parse,
}

// namedTextAccess is for types like conversation.Direction, of which there may
// be more in time.
var namedTextAccess = access{
	put:        func(v *Value, p any) { v.Valid, v.Text = true, reflect.ValueOf(p).Elem().String() },
	set:        func(p any, v *Value) { reflect.ValueOf(p).Elem().SetString(v.Text) },
	appendJSON: func(b []byte, p any) []byte { return appendText(b, reflect.ValueOf(p).Elem().String()) },
	parseJSON:  parse,
}

// valuesAccess is for conversation.List of values with parts.
var valuesAccess = access{
	appendJSON: func(b []byte, p any) []byte {
		list, err := json.Marshal(p)
		if err != nil {
			panic("rows: " + err.Error()) // the parts are texts, numbers and times
		}
		return append(b, list...)
	},
	parseJSON: parse,
}

func parse(data []byte, p any) error { return json.Unmarshal(data, p) }
