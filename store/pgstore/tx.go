package pgstore

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dcmkit/convtrack/store"
)

type txKey struct{}

// Tx returns the transaction in which a Before hook runs, or an After hook with
// events.InTransaction, from the ctx that the hook is given; false when ctx is
// of no such hook, or the tracker has another store. What the hook writes in it
// is committed with the change or the delivery or not at all; what a Before
// hook that fails wrote is rolled back alone. The hook may open transactions
// within it, and must read its rows to their end. What would end the transaction
// returns [ErrTxLent], be it Commit, Rollback or a statement; when the hook has
// returned, everything returns [pgx.ErrTxClosed]. Its Conn is nil: the
// connection is the store's.
//
// A statement that takes longer than the ctx that it is given ends the connection, and
// the server may go on with it, and keep the conversation locked, until it is done.
// "set local statement_timeout" in the transaction, or the server's
// client_connection_check_interval, bounds that.
func Tx(ctx context.Context) (pgx.Tx, bool) {
	tx, ok := ctx.Value(txKey{}).(*lentTx)
	if !ok {
		store.AskedForTransaction(ctx)
		return nil, false
	}
	return tx, true
}

// WithTx returns a context from which [Tx] gives the transaction, as a hook is
// given it: for unit tests of hooks. It cannot be ended through that context; the
// test begins it, and rolls it back in the end.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, &lentTx{Tx: tx, over: &atomic.Bool{}})
}

// lentTx is a transaction that the hook cannot end, nor use when it is over.
type lentTx struct {
	pgx.Tx
	over   *atomic.Bool
	within bool // the hook has begun it, and may end it
}

// lend lends the transaction to f.
func lend(ctx context.Context, tx pgx.Tx, f func(ctx context.Context) error) error {
	lent := &lentTx{Tx: tx, over: &atomic.Bool{}}
	defer lent.over.Store(true)
	return f(context.WithValue(ctx, txKey{}, lent))
}

// usable returns why the hook cannot execute the statements; nil when it can.
func (t *lentTx) usable(statements ...string) error {
	switch {
	case t.over.Load():
		return pgx.ErrTxClosed
	case slices.ContainsFunc(statements, endsTransaction):
		return ErrTxLent
	}
	return nil
}

// Conn implements pgx.Tx. On the connection the hook could end the transaction,
// and use it when it is over.
func (*lentTx) Conn() *pgx.Conn { return nil }

// Commit implements pgx.Tx.
func (t *lentTx) Commit(ctx context.Context) error { return t.end(ctx, t.Tx.Commit) }

// Rollback implements pgx.Tx.
func (t *lentTx) Rollback(ctx context.Context) error { return t.end(ctx, t.Tx.Rollback) }

func (t *lentTx) end(ctx context.Context, end func(context.Context) error) error {
	if !t.within {
		return ErrTxLent
	}
	if err := t.usable(); err != nil {
		return err
	}
	return end(ctx)
}

// Begin implements pgx.Tx.
func (t *lentTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	tx, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &lentTx{Tx: tx, over: t.over, within: true}, nil
}

// Prepare implements pgx.Tx.
func (t *lentTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := t.usable(sql); err != nil {
		return nil, err
	}
	return t.Tx.Prepare(ctx, name, sql)
}

// Exec implements pgx.Tx.
func (t *lentTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.usable(sql); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.Tx.Exec(ctx, sql, args...)
}

// Query implements pgx.Tx.
func (t *lentTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.usable(sql); err != nil {
		return failed{err: err}, err
	}
	return t.Tx.Query(ctx, sql, args...)
}

// QueryRow implements pgx.Tx.
func (t *lentTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.usable(sql); err != nil {
		return failed{err: err}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

// CopyFrom implements pgx.Tx.
func (t *lentTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	return t.Tx.CopyFrom(ctx, table, columns, src)
}

// SendBatch implements pgx.Tx.
func (t *lentTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	var statements []string
	for _, q := range b.QueuedQueries {
		statements = append(statements, q.SQL)
	}
	if err := t.usable(statements...); err != nil {
		return failedBatch{err: err}
	}
	return t.Tx.SendBatch(ctx, b)
}

// failed are the rows of a statement that was not sent.
type failed struct {
	pgx.Rows
	err error
}

func (f failed) Close()            {}
func (f failed) Err() error        { return f.err }
func (f failed) Next() bool        { return false }
func (f failed) Scan(...any) error { return f.err }

// failedBatch are the results of a batch that was not sent.
type failedBatch struct {
	pgx.BatchResults
	err error
}

func (f failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }
func (f failedBatch) Query() (pgx.Rows, error)         { return failed{err: f.err}, f.err }
func (f failedBatch) QueryRow() pgx.Row                { return failed{err: f.err} }
func (f failedBatch) Close() error                     { return f.err }
func (f failedBatch) Tx() pgx.Tx                       { return nil }
