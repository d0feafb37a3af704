package sqlitestore

import (
	"fmt"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// arguments appends the values as arguments of a statement.
func arguments(args []any, columns []rows.Column, values []rows.Value) []any {
	for i := range values {
		args = append(args, argument(columns[i].Kind, &values[i]))
	}
	return args
}

func argument(kind rows.Kind, v *rows.Value) any {
	if !v.Valid {
		return nil
	}
	switch kind {
	case rows.Text, rows.JSON:
		return v.Text
	case rows.Bool, rows.Integer, rows.Time:
		return v.Int
	case rows.Float:
		return v.Float()
	case rows.Blob:
		return []byte(v.Text)
	case rows.Texts:
		return string(rows.AppendList(nil, *v.List))
	}
	panic("sqlitestore: a column of an unknown kind")
}

// storable makes the arguments what the file can keep.
func storable(args []any) []any {
	for i, x := range args {
		if s, is := x.(string); is {
			if kept := rows.Storable(s); kept != s {
				args[i] = kept
			}
		}
	}
	return args
}

// valuesOf reads a row into values, which it returns.
func valuesOf(values []rows.Value, columns []rows.Column, row []any) ([]rows.Value, error) {
	values = values[:0]
	for i, c := range columns {
		v, err := valueOf(c.Kind, row[i])
		if err != nil {
			return nil, fmt.Errorf("sqlitestore: the column %s: %w", c.Name, err)
		}
		values = append(values, v)
	}
	return values, nil
}

func valueOf(kind rows.Kind, x any) (rows.Value, error) {
	switch x := x.(type) {
	case nil:
		return rows.Value{}, nil
	case int64:
		if kind == rows.Float {
			return rows.FloatValue(float64(x)), nil
		}
		return rows.Value{Valid: true, Int: x}, nil
	case float64:
		return rows.FloatValue(x), nil
	case string:
		if kind == rows.Texts {
			list, err := rows.ParseList(x)
			return rows.Value{Valid: true, List: &list}, err
		}
		return rows.Value{Valid: true, Text: x}, nil
	case []byte:
		return rows.Value{Valid: true, Text: string(x)}, nil
	}
	return rows.Value{}, fmt.Errorf("a value of type %T", x)
}

// The functions below read columns that are never of another type.

func text(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	}
	return ""
}

func integer(x any) int64 {
	n, _ := x.(int64)
	return n
}

func micros(x any) rows.Value {
	n, valid := x.(int64)
	return rows.Value{Valid: valid, Int: n}
}
