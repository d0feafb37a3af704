package pgstore

import (
	"context"
	"errors"
)

// catalog is what the database says of the types for rows, and the statements
// that name them.
type catalog struct {
	types      *rowTypes
	statements *statements
}

// lookUp asks the database anew, and reports whether something has changed:
// after a restore the types have other ids.
func (db *database) lookUp(ctx context.Context) (changed bool, err error) {
	types := newRowTypes()
	if err := types.find(ctx, db); err != nil {
		return false, err
	}
	if known := db.catalog.Load(); known != nil && types.same(known.types) {
		return false, nil
	}
	db.catalog.Store(&catalog{types, newStatements(&db.config, types)})
	return true, nil
}

// sql returns the statements.
func (db *database) sql() *statements { return db.catalog.Load().statements }

// outdated reports whether a statement failed because it named what is no
// longer there, and can be tried with what is there now. The error is err, or
// says what is missing.
func (db *database) outdated(ctx context.Context, err error) (bool, error) {
	switch code(err) {
	case undefinedObject, internalError, datatypeMismatch, invalidBinary, protocolViolation:
		changed, missing := db.lookUp(ctx)
		return changed, errors.Join(err, missing)
	}
	return false, err
}
