package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"
)

type txKey struct{}

// Tx returns the transaction in which a hook runs, from the ctx that the hook is
// given: of a Before hook, or of an After hook that asked for one. It is false
// when ctx is of no such hook, or the tracker has another store. The hook must
// leave the transaction open, and must not use it after it has returned.
func Tx(ctx context.Context) (*sql.Tx, bool) {
	tx, ok := ctx.Value(txKey{}).(*sql.Tx)
	return tx, ok
}

// lend runs a hook in the transaction. What it writes is rolled back when it
// fails. An error of the second kind is that of the whole transaction.
func (t *transaction) lend(hook func(ctx context.Context) error) (failed, err error) {
	if _, err := t.exec(t.statements.savepoint); err != nil {
		return nil, err
	}
	if failed = hook(context.WithValue(t.ctx, txKey{}, t.tx)); failed != nil {
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
