package pgstore

import "github.com/dcmkit/convtrack/store/internal/rows"

// The object ids of PostgreSQL's own types; they never change.
const (
	oidBool        = 16
	oidBytea       = 17
	oidInt8        = 20
	oidText        = 25
	oidJSON        = 114
	oidFloat8      = 701
	oidTexts       = 1009
	oidTimestamptz = 1184
	oidJSONB       = 3802
)

var oids = map[rows.Kind]uint32{rows.Text: oidText, rows.Bool: oidBool, rows.Integer: oidInt8, rows.Float: oidFloat8,
	rows.Time: oidTimestamptz, rows.JSON: oidJSON, rows.Blob: oidBytea, rows.Texts: oidTexts}

// epoch is PostgreSQL's, 2000-01-01, in microseconds since 1970.
const epoch = 946_684_800_000_000
