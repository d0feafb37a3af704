package pgstore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// The functions below write values as text, for pools that are set to the
// simple protocol.

// literal returns the value as text, null as nil.
func literal(oid uint32, v *rows.Value) any {
	if !v.Valid {
		return nil
	}
	switch oid {
	case oidText:
		return rows.Storable(v.Text)
	case oidJSON, oidJSONB:
		return storableJSON(v.Text)
	case oidBytea:
		return `\x` + hex.EncodeToString([]byte(v.Text))
	case oidBool:
		return strconv.FormatBool(v.Int != 0)
	case oidFloat8:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case oidTimestamptz:
		return timeLiteral(time.UnixMicro(v.Int).UTC())
	case oidTexts:
		list := make([]string, len(*v.List))
		for i, s := range *v.List {
			list[i] = rows.Storable(s)
		}
		return arrayLiteral(list)
	}
	return strconv.FormatInt(v.Int, 10)
}

// timeLiteral writes years before the first as PostgreSQL does.
func timeLiteral(t time.Time) string {
	const layout = "2006-01-02 15:04:05.999999-07"
	if t.Year() > 0 {
		return t.Format(layout)
	}
	text := t.Format(layout) // the year is not positive: "-0001-…" or "0000-…"
	return fmt.Sprintf("%04d%s BC", 1-t.Year(), text[strings.Index(text[1:], "-")+1:])
}

var (
	elementEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	fieldEscapes   = strings.NewReplacer(`\`, `\\`, `"`, `""`)
)

func arrayLiteral(elements []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		_, _ = elementEscapes.WriteString(&b, s) // a Builder takes everything
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// rowsLiteral returns rows as text of an array of their type.
func rowsLiteral(t *rowType, values []rows.Value) string {
	n := len(t.columns)
	list := make([]string, 0, len(values)/n)
	for row := 0; row < len(values); row += n {
		var b strings.Builder
		b.WriteByte('(')
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			if s, ok := literal(t.oids[i], &values[row+i]).(string); ok {
				b.WriteByte('"')
				_, _ = fieldEscapes.WriteString(&b, s) // a Builder takes everything
				b.WriteByte('"')
			}
		}
		b.WriteByte(')')
		list = append(list, b.String())
	}
	return arrayLiteral(list)
}
