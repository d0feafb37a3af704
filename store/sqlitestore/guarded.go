package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
)

// connection is what a driver must offer.
type connection interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

// guarded is a connection on which nobody can end the store's transaction while
// it is lent to a hook. A driver other than the built-in one only refuses
// Commit and Rollback.
type guarded struct {
	connection
	lent    atomic.Bool
	refused atomic.Bool // a statement that would have ended the transaction
}

func guard(c driver.Conn) (*guarded, error) {
	able, ok := c.(connection)
	if !ok {
		return nil, errors.Join(errors.New("sqlitestore: Config.Driver: its connections do not take contexts"), c.Close())
	}
	g := &guarded{connection: able}
	if r, ok := c.(sqlite.AuthorizerRegisterer); ok {
		if err := r.RegisterAuthorizer(g.authorize); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if r, ok := c.(sqlite.HookRegisterer); ok {
		r.RegisterCommitHook(g.mayCommit)
	}
	return g, nil
}

// authorize decides about a part of a statement that is being prepared.
func (g *guarded) authorize(action sqlite.AuthorizerActionCode, what, name, _, _ string) sqlite.AuthorizerReturnCode {
	if !g.lent.Load() {
		return sqlite.AuthorizerOK
	}
	if action == sqlite.AuthTransaction && what != "BEGIN" || action == sqlite.AuthSavepoint && strings.EqualFold(name, savepoint) {
		g.refused.Store(true)
		return sqlite.AuthorizerDeny
	}
	return sqlite.AuthorizerOK
}

// mayCommit refuses what SQLite would commit by itself, when it has rolled back
// the transaction because a statement of the hook was interrupted.
func (g *guarded) mayCommit() int32 {
	if g.lent.Load() {
		return 1
	}
	return 0
}

// BeginTx implements driver.ConnBeginTx. While the transaction is lent, it
// gives out another view of it.
func (g *guarded) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if g.lent.Load() {
		return lentTx{}, nil
	}
	return g.connection.BeginTx(ctx, o)
}

// PrepareContext implements driver.ConnPrepareContext.
func (g *guarded) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := g.connection.PrepareContext(ctx, query)
	return s, g.explain(err)
}

// ExecContext implements driver.ExecerContext.
func (g *guarded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := g.connection.ExecContext(ctx, query, args)
	return r, g.explain(err)
}

// QueryContext implements driver.QueryerContext.
func (g *guarded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := g.connection.QueryContext(ctx, query, args)
	return r, g.explain(err)
}

// explain says why a statement was refused: SQLite only says that it was.
func (g *guarded) explain(err error) error {
	if err != nil && g.refused.Swap(false) {
		return fmt.Errorf("%w (%w)", ErrTxLent, err)
	}
	return err
}

// lentTx is the transaction as a hook has it.
type lentTx struct{}

// Commit implements driver.Tx.
func (lentTx) Commit() error { return ErrTxLent }

// Rollback implements driver.Tx. When the store calls it, it ends only the
// hook's use of the transaction.
func (lentTx) Rollback() error { return ErrTxLent }
