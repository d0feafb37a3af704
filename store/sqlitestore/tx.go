package sqlitestore

import (
	"context"
	"database/sql"
)

type txKey struct{}

// Tx returns the transaction in which a Before hook runs, from the ctx that the
// hook is given; false when ctx is of no hook, or the tracker has another store.
// The hook must leave the transaction open, and must not use it after it has
// returned.
func Tx(ctx context.Context) (*sql.Tx, bool) {
	tx, ok := ctx.Value(txKey{}).(*sql.Tx)
	return tx, ok
}
