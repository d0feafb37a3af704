package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5"
)

type txKey struct{}

// Tx returns the transaction in which a Before hook runs, from the ctx that the
// hook is given; false when ctx is of no hook, or the tracker has another store.
// What the hook writes in it is committed with the change or not at all, and is
// rolled back alone when the hook fails. The hook may open transactions within
// it, must read its rows to their end, and must not use it after it has
// returned. Commit and Rollback of it return [ErrTxLent].
func Tx(ctx context.Context) (pgx.Tx, bool) {
	tx, ok := ctx.Value(txKey{}).(lentTx)
	return tx, ok
}

// lentTx is a transaction that the hook cannot end.
type lentTx struct{ pgx.Tx }

func (lentTx) Commit(context.Context) error   { return ErrTxLent }
func (lentTx) Rollback(context.Context) error { return ErrTxLent }
