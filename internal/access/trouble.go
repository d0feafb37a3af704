package access

import (
	"context"
	"errors"
)

// Trouble is what is wrong with a database.
type Trouble string

// What can be wrong.
const (
	Slow     Trouble = "slow"     // it did not answer in time
	Full     Trouble = "full"     // the disk, or what it may take of it
	ReadOnly Trouble = "readOnly" // it takes no writes
	Lost     Trouble = "lost"     // it cannot be reached, or fails otherwise
)

// TroubleOf tells from the error of a call. Databases say it by the codes of SQL
// (PostgreSQL) or of SQLite, which their drivers' errors carry.
func TroubleOf(err error) Trouble {
	var sql interface{ SQLState() string }
	var sqlite interface{ Code() int }
	var late *TimeoutError
	switch {
	case errors.As(err, &sql):
		switch sql.SQLState() {
		case "53100": // disk_full
			return Full
		case "25006": // read_only_sql_transaction
			return ReadOnly
		case "57014": // query_canceled: by a timeout
			return Slow
		}
	case errors.As(err, &sqlite):
		const primary = 0xff // the others are details
		switch sqlite.Code() & primary {
		case 13: // SQLITE_FULL
			return Full
		case 8: // SQLITE_READONLY
			return ReadOnly
		case 5: // SQLITE_BUSY
			return Slow
		}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late):
		return Slow
	}
	return Lost
}
