package pgstore

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// unexpected is what a statement fails with that expects something of the rows,
// so that nothing is committed of what was sent with it. It is read in the log of
// the server.
const unexpected = "convtrack: the rows are not what this commit expects, so it is made again in two steps"

// expect is an expression over an aggregate that fails unless that is true. The
// server has no other way to fail in plain SQL than a value that is none; it must
// not know the value before it has the rows.
func expect(aggregate string) string {
	return `case when ` + aggregate + ` then 0 else pg_catalog.concat('` + unexpected + ` (', count(*), ')')::integer end`
}

// wasUnexpected reports whether a statement has failed because the rows were not
// what it expects.
func wasUnexpected(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == invalidText && strings.Contains(e.Message, unexpected)
}
