package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applicationID marks the file as a store's in its header: "cdms".
const applicationID = 0x63646d73

// prepareFile makes sure that the file is a store with the tables of this
// version. A foreign file is not touched.
func (s *Store) prepareFile(ctx context.Context, l *link) error {
	err := s.whenFree(ctx, func() error {
		if err := identify(ctx, l.conn); err != nil {
			return err
		}
		if err := useLog(ctx, l.conn); err != nil {
			return err
		}
		if err := s.migrate(ctx, l.conn); err != nil {
			return err
		}
		return s.complete(ctx, l)
	})
	if err != nil {
		return err
	}
	return s.refill(ctx, l)
}

// identify makes sure that the file is a store's, or new. Another process may
// be about to make it one, so it must look at one state of it.
func identify(ctx context.Context, c *sql.Conn) error {
	if _, err := c.ExecContext(context.WithoutCancel(ctx), "BEGIN"); err != nil {
		return err
	}
	var id, tables int64
	err := errors.Join(c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables),
		c.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id))
	if _, rollback := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil || rollback != nil {
		return errors.Join(err, rollback)
	}
	if id == applicationID || id == 0 && tables == 0 {
		return nil
	}
	return fmt.Errorf("%w: it is a database of something else (application id %d, %d tables and indexes); "+
		"give the store another path, or let it create the file before you add tables of your own", ErrForeign, id, tables)
}

// useLog turns the write-ahead log on; the file remembers it.
func useLog(ctx context.Context, c *sql.Conn) error {
	var mode string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" && mode != "memory" {
		return fmt.Errorf("sqlitestore: the file system does not allow a write-ahead log (the journal is %q); use a local one", mode)
	}
	return nil
}

// inTransaction does something in a transaction of its own.
func inTransaction(ctx context.Context, c *sql.Conn, do func(*sql.Tx) error) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
