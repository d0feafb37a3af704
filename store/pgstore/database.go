package pgstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// database runs pipelines on the connections of a pool.
type database struct {
	sender
	pool    *pgxpool.Pool
	config  Config
	catalog atomic.Pointer[catalog]
}

// do runs pipelines on a connection of the pool, and again when that is
// harmless: f must do everything from the start.
func (db *database) do(ctx context.Context, f func(c *pgx.Conn) error) error {
	return db.retry(ctx, f, db.outdated)
}

// retry is do, but what is not harmless is tried again only when mend says so,
// whose error is returned otherwise.
func (db *database) retry(ctx context.Context, f func(c *pgx.Conn) error, mend func(context.Context, error) (again bool, err error)) error {
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, f)
		if err == nil || attempt == mostAttempts {
			return err
		}
		if !harmless(err) {
			again, err := mend(ctx, err)
			if !again {
				return err
			}
			continue
		}
		if unprepared(err) {
			db.unprepared.Store(true)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (db *database) once(ctx context.Context, f func(c *pgx.Conn) error) error {
	c, err := db.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer db.giveBack(ctx, c)
	return f(c.Conn())
}

// giveBack gives the connection back. A transaction that is still open is rolled
// back, so that the connection lives on: pools close those that are in one.
func (db *database) giveBack(ctx context.Context, c *pgxpool.Conn) {
	if pc := c.Conn().PgConn(); !pc.IsClosed() && !pc.IsBusy() && pc.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = pc.Exec(ctx, "rollback").Close() // when it fails the pool closes the connection
	}
	c.Release()
}

// transact runs a pipeline in a transaction. It is composed for each attempt,
// and must forget what the last one has read.
func (db *database) transact(ctx context.Context, compose func(known *catalog, p *pipeline)) error {
	return db.do(ctx, func(c *pgx.Conn) error {
		known := db.catalog.Load()
		var p pipeline
		p.add(known.statements.begin)
		p.add(known.statements.byIndex)
		compose(known, &p)
		p.add(known.statements.commit)
		return db.run(ctx, c, &p)
	})
}

// inSnapshot runs a pipeline that reads one state of the tables.
func (db *database) inSnapshot(ctx context.Context, p *pipeline) error {
	var all pipeline
	all.add(db.sql().beginRead)
	all.add(db.sql().byIndex)
	all.steps = append(all.steps, p.steps...)
	all.add(db.sql().commit)
	return db.one(ctx, &all)
}

// one runs a statement that is a transaction of its own.
func (db *database) one(ctx context.Context, p *pipeline) error {
	return db.do(ctx, func(c *pgx.Conn) error { return db.run(ctx, c, p) })
}

const (
	// mostAttempts is how often a transaction is tried that loses against
	// others or finds its connection dead.
	mostAttempts = 10
	// rollbackTimeout bounds the end of a transaction that failed.
	rollbackTimeout = 5 * time.Second
)

// pause lets the others go on before the next attempt.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(attempt * attempt * int(time.Millisecond)))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lookUp asks the database anew, and reports whether something has changed:
// after a restore the types have other ids.
func (db *database) lookUp(ctx context.Context) (changed bool, err error) {
	types := newRowTypes()
	if err := types.find(ctx, db.pool, db.mode(), &db.config); err != nil {
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

// sleep reports whether it was not the context that ended it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
