package pgstore

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrNewer: a newer version of this module has changed the tables.
	ErrNewer = errors.New("pgstore: the tables are of a newer version")
	// ErrOutdated: the tables lack migrations, and New was told not to apply
	// them.
	ErrOutdated = errors.New("pgstore: the tables are of an older version")
	// ErrTxEnded: a hook left rows of the transaction unread that it was lent,
	// or a context of its own ended one of its statements and so the connection.
	ErrTxEnded = errors.New("pgstore: a hook has ended the transaction, or left it in use")
	// ErrTxLent is what a hook gets that tries to end the transaction of [Tx].
	ErrTxLent = errors.New("pgstore: the transaction is the store's to end; return an error to roll it back")
	// errAborted: a statement of a hook failed, and the hook returned no error.
	errAborted = errors.New("a statement of the hook has failed, so nothing of it can be committed")
)

// SchemaError says what is wrong with the tables, in sentences.
type SchemaError struct {
	Problems []string
}

// Error lists the problems.
func (e *SchemaError) Error() string {
	return "pgstore: the tables are not as they must be:\n- " + strings.Join(e.Problems, "\n- ")
}

// code returns the SQLSTATE of a database's error; empty for others.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The SQLSTATEs that the store knows.
const (
	serializationFailure  = "40001"
	deadlockDetected      = "40P01"
	insufficientPrivilege = "42501"
	noSuchStatement       = "26000"
	duplicateStatement    = "42P05"
	undefinedObject       = "42704"
	datatypeMismatch      = "42804"
	invalidBinary         = "22P03"
	invalidText           = "22P02"
	protocolViolation     = "08P01"
	internalError         = "XX000"
)

// harmless reports whether nothing was done and the same may succeed at once:
// the transaction lost against another, or the connection was gone already
// before anything was sent.
func harmless(err error) bool {
	switch code(err) {
	case serializationFailure, deadlockDetected, noSuchStatement, duplicateStatement:
		return true
	}
	return pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// unprepared reports whether the connections do not keep prepared statements:
// something between here and the server gives out its connections by the
// transaction, or cleans them.
func unprepared(err error) bool {
	c := code(err)
	return c == noSuchStatement || c == duplicateStatement
}
