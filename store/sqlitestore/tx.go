package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/dcmkit/convtrack/store"
)

type txKey struct{}

// Tx returns the transaction in which a hook runs, from the ctx that the hook is
// given: of a Before hook, or of an After hook that asked for one. It is false
// when ctx is of no such hook, or the tracker has another store. What the hook
// writes in it is committed with the change or the delivery, or not at all; a
// hook rolls it back by returning an error.
//
// The transaction is the store's to end. Commit and Rollback return [ErrTxLent],
// and nothing can be done with it afterwards; statements that would end it
// return ErrTxLent too. When the hook has returned, everything that is done with
// it returns [sql.ErrTxDone], and what was left open is closed. Savepoints of
// the hook's own are welcome.
func Tx(ctx context.Context) (*sql.Tx, bool) {
	tx, ok := ctx.Value(txKey{}).(*sql.Tx)
	if !ok {
		store.AskedForTransaction(ctx)
	}
	return tx, ok
}

// WithTx returns a context from which [Tx] gives the transaction, as a hook is
// given it: for unit tests of hooks. The test begins it, and rolls it back in the
// end.
func WithTx(ctx context.Context, tx *sql.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

// savepoint is the name of the one that a hook runs in.
const savepoint = "convtrack_hook"

// lend runs a hook in the transaction. What it writes is rolled back when it
// fails. An error of the second kind is that of the whole transaction.
func (t *transaction) lend(hook func(ctx context.Context) error) (failed, err error) {
	if _, err := t.exec(t.statements.savepoint); err != nil {
		return nil, err
	}
	failed, err = t.link.lend(t.ctx, hook)
	if err != nil {
		return nil, err
	}
	if failed != nil {
		failed = fmt.Errorf("sqlitestore: a hook in the transaction: %w", failed)
		if _, err := t.exec(t.statements.undo); err != nil {
			return nil, t.gone(err, failed)
		}
	}
	// Without the savepoint the transaction is over, and whatever is written
	// now would be committed at once.
	if _, err := t.exec(t.statements.release); err != nil {
		return nil, t.gone(err, failed)
	}
	return failed, nil
}

// lend runs a hook with the transaction that is open on the connection. The
// second error is one of the connection.
func (l *link) lend(ctx context.Context, hook func(ctx context.Context) error) (failed, err error) {
	l.guarded.lent.Store(true)
	defer l.guarded.lent.Store(false)
	tx, err := l.conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it waits for a statement that the hook has left running
	return hook(WithTx(ctx, tx)), nil
}

// gone says why the savepoint of a hook is gone.
func (t *transaction) gone(err, failed error) error {
	if t.ctx.Err() != nil {
		return t.ctx.Err() // it ended a statement of the hook, and so the transaction
	}
	if failed != nil {
		return fmt.Errorf("%w: %w (%w)", ErrTxEnded, err, failed)
	}
	return fmt.Errorf("%w: %w", ErrTxEnded, err)
}
