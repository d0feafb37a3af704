package pgstore

import (
	"encoding/binary"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

const null = ^uint32(0)

// appendValue appends a value in PostgreSQL's binary format, with its length.
func appendValue(b []byte, oid uint32, v *rows.Value) []byte {
	if !v.Valid {
		return binary.BigEndian.AppendUint32(b, null)
	}
	switch oid {
	case oidText:
		return appendString(b, rows.Storable(v.Text))
	case oidJSON:
		return appendString(b, storableJSON(v.Text))
	case oidJSONB:
		s := storableJSON(v.Text)
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)+1))
		return append(append(b, 1), s...) // 1 is the version of the format
	case oidBytea:
		return appendString(b, v.Text)
	case oidBool:
		return append(binary.BigEndian.AppendUint32(b, 1), byte(v.Int))
	case oidTimestamptz:
		b = binary.BigEndian.AppendUint32(b, 8)
		return binary.BigEndian.AppendUint64(b, uint64(v.Int-epoch))
	case oidTexts:
		return appendTexts(b, *v.List)
	}
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v.Int))
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	begin := len(b)
	b = appendArrayHeader(append(b, 0, 0, 0, 0), oidText, len(list))
	for _, s := range list {
		b = appendString(b, rows.Storable(s))
	}
	return putLength(b, begin)
}

// appendArrayHeader begins an array of one dimension.
func appendArrayHeader(b []byte, element uint32, n int) []byte {
	if n == 0 {
		return binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0, 0, 0, 0, 0), element)
	}
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint32(b, element)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, 0, 0, 0, 1) // the first index
}

// putLength writes the length of what follows the place of a length.
func putLength(b []byte, at int) []byte {
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// appendRows appends rows as an array of their type, without its length.
func appendRows(b []byte, t *rowType, values []rows.Value) []byte {
	n := len(t.columns)
	b = appendArrayHeader(b, t.oid, len(values)/n)
	for row := 0; row < len(values); row += n {
		begin := len(b)
		b = binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 0), uint32(n))
		for i := range n {
			b = binary.BigEndian.AppendUint32(b, t.oids[i])
			b = appendValue(b, t.oids[i], &values[row+i])
		}
		b = putLength(b, begin)
	}
	return b
}
