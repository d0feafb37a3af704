package pgstore

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// row is a row of a result. Its columns are read in order; the first error is
// kept.
type row struct {
	columns [][]byte
	oids    []uint32
	text    bool // it comes by the simple protocol
	next    int
	err     error
}

// value reads the next column.
func (r *row) value() rows.Value {
	i := r.next
	r.next++
	if r.err != nil || r.columns[i] == nil {
		return rows.Value{}
	}
	var v rows.Value
	if r.text {
		v, r.err = parseText(r.oids[i], r.columns[i])
	} else {
		v, r.err = parseBinary(r.oids[i], r.columns[i])
	}
	return v
}

func (r *row) string() string { return r.value().Text }
func (r *row) integer() int64 { return r.value().Int }
func (r *row) bool() bool     { return r.value().Int != 0 }

// values appends all columns that are left.
func (r *row) values(dst []rows.Value) []rows.Value {
	for r.next < len(r.columns) {
		dst = append(dst, r.value())
	}
	return dst
}

func parseBinary(oid uint32, b []byte) (rows.Value, error) {
	switch oid {
	case oidText, oidJSON, oidBytea:
		return textOf(string(b)), nil
	case oidJSONB:
		if len(b) > 0 {
			return textOf(string(b[1:])), nil // behind the version of the format
		}
	case oidBool:
		if len(b) == 1 {
			return integerOf(int64(b[0])), nil
		}
	case oidInt8, oidFloat8:
		if len(b) == 8 {
			return integerOf(int64(binary.BigEndian.Uint64(b))), nil
		}
	case oidTimestamptz:
		if len(b) == 8 {
			return integerOf(int64(binary.BigEndian.Uint64(b)) + epoch), nil
		}
	case oidTexts:
		return parseOther(oid, pgtype.BinaryFormatCode, b)
	}
	return rows.Value{}, fmt.Errorf("%d bytes are no value of the type %d", len(b), oid)
}

func parseText(oid uint32, b []byte) (rows.Value, error) {
	switch oid {
	case oidText, oidJSON, oidJSONB:
		return textOf(string(b)), nil
	case oidBytea:
		if len(b) < 2 || b[0] != '\\' || b[1] != 'x' {
			return rows.Value{}, fmt.Errorf("the server's bytea_output is not hex")
		}
		raw, err := hex.DecodeString(string(b[2:]))
		return textOf(string(raw)), err
	case oidBool:
		return boolOf(string(b) == "t"), nil
	case oidInt8:
		n, err := strconv.ParseInt(string(b), 10, 64)
		return integerOf(n), err
	case oidFloat8:
		f, err := strconv.ParseFloat(string(b), 64)
		return rows.FloatValue(f), err
	}
	return parseOther(oid, pgtype.TextFormatCode, b)
}

// parseOther leaves the rest to pgx.
func parseOther(oid uint32, format int16, b []byte) (rows.Value, error) {
	types := pgtype.NewMap()
	switch oid {
	case oidTimestamptz:
		var t pgtype.Timestamptz
		err := types.Scan(oid, format, b, &t)
		return timeOf(t.Time), err
	case oidTexts:
		var list []string
		err := types.Scan(oid, format, b, &list)
		return textsOf(list), err
	}
	return rows.Value{}, fmt.Errorf("a column of the type %d is not expected", oid)
}
