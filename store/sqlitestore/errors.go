package sqlitestore

import (
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrForeign: the file is not one that a store has created.
	ErrForeign = errors.New("sqlitestore: the file is not a store")
	// ErrNewer: a newer version of this module has changed the tables.
	ErrNewer = errors.New("sqlitestore: the tables are of a newer version")
	// ErrOutdated: the tables lack migrations, and Open was told not to apply
	// them.
	ErrOutdated = errors.New("sqlitestore: the tables are of an older version")
	// ErrBusy: another process was writing for longer than Config.BusyTimeout.
	ErrBusy = errors.New("sqlitestore: another process is writing to the file")
	// ErrGone: the file was deleted, replaced or cut short while the store had
	// it open. What was written since may be lost, so nothing more is: open
	// the store anew, after a look at what became of the file.
	ErrGone = errors.New("sqlitestore: the file is gone")
	// ErrTxLent is what a hook gets that tries to end the transaction of [Tx].
	ErrTxLent = errors.New("sqlitestore: the transaction is the store's to end; return an error to roll it back")
	// ErrTxEnded: the transaction that a hook was lent is over. SQLite has
	// rolled it back, as when a context ends one of its statements.
	ErrTxEnded = errors.New("sqlitestore: a hook has ended the transaction")
)

// SchemaError says what is wrong with the tables, in sentences.
type SchemaError struct {
	Problems []string
}

// Error lists the problems.
func (e *SchemaError) Error() string {
	return "sqlitestore: the tables are not as they must be:\n- " + strings.Join(e.Problems, "\n- ")
}

// isBusy reports whether another connection holds the lock that is needed.
func isBusy(err error) bool {
	return hasCode(err, sqlite3.SQLITE_BUSY) || otherDriver(err, "database is locked")
}

func isNotADatabase(err error) bool {
	return hasCode(err, sqlite3.SQLITE_NOTADB) || otherDriver(err, "file is not a database")
}

func hasCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == code
}

// otherDriver knows errors of drivers other than the built-in one by SQLite's
// own text.
func otherDriver(err error, text string) bool {
	var e *sqlite.Error
	return err != nil && !errors.As(err, &e) && strings.Contains(err.Error(), text)
}

func isCannotOpen(err error) bool {
	return hasCode(err, sqlite3.SQLITE_CANTOPEN) || otherDriver(err, "unable to open database file")
}

func isFull(err error) bool {
	return hasCode(err, sqlite3.SQLITE_FULL) || otherDriver(err, "database or disk is full")
}

func isReadOnly(err error) bool {
	return hasCode(err, sqlite3.SQLITE_READONLY) || otherDriver(err, "attempt to write a readonly database")
}
