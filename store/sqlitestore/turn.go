package sqlitestore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// write does something in the one transaction that writes, and commits it. An
// error, a panic and the end of ctx roll it back.
func (s *Store) write(ctx context.Context, do func(*transaction) error) error {
	l, err := s.takeWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { s.writer <- l }()
	// A statement that knew ctx could be interrupted, and SQLite would roll the
	// transaction back; what follows would be committed statement by statement.
	lasting := context.WithoutCancel(ctx)
	err = s.whenFree(ctx, func() error {
		_, err := l.exec(lasting, s.statements.begin)
		return err
	})
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		if _, err := l.exec(lasting, s.statements.rollback); err != nil {
			// SQLite has rolled it back by itself, or the connection is of no use
			// any more: the next one gets a new one, but where that would be
			// another database.
			if !s.memory {
				l.close()
				l = nil
			}
		}
	}()
	whole := func() error { return s.whole(lasting) }
	if s.file != nil {
		if err := s.file.checkLog(whole); err != nil {
			return err
		}
	}
	t := &transaction{Store: s, link: l, ctx: ctx, lasting: lasting, now: s.clock.now()}
	if err := do(t); err != nil {
		return err
	}
	ahead, noting := s.clock.unnoted()
	if noting {
		if _, err := t.exec(s.statements.noteClock, clockName, ahead); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := l.exec(lasting, s.statements.commit); err != nil {
		return err
	}
	committed = true
	s.checkpoints.count(t.changes)
	if noting {
		s.clock.note(ahead)
	}
	if s.file != nil {
		return s.file.check(whole) // what was committed to a file that is gone is not kept
	}
	return nil
}

// whole reads all of the file on a connection that remembers none of it.
func (s *Store) whole(ctx context.Context) error {
	l, err := connect(ctx, s.db, readerSettings...)
	if err != nil {
		return err
	}
	defer l.close()
	var found string
	if err := l.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return errors.New(found)
	}
	return nil
}

// takeWriter waits for the turn to write in this process.
func (s *Store) takeWriter(ctx context.Context) (*link, error) {
	var l *link
	select {
	case l = <-s.writer:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closing:
		return nil, store.ErrClosed
	}
	if l != nil {
		return l, nil
	}
	l, err := s.connectWriter(ctx)
	if err != nil {
		s.writer <- nil
		return nil, err
	}
	if s.file != nil {
		s.file.log.Store(nil) // the log goes with the last connection to the file
		s.file.logSize.Store(0)
	}
	return l, nil
}

func (s *Store) connectWriter(ctx context.Context) (l *link, err error) {
	err = s.whenFree(ctx, func() error {
		l, err = connect(ctx, s.db, writerSettings...)
		return err
	})
	return l, err
}

// whenFree does something that needs the lock of the file, again and again
// while another process has it.
func (s *Store) whenFree(ctx context.Context, do func() error) error {
	began := time.Now()
	for wait := 500 * time.Microsecond; ; wait = min(2*wait, 20*time.Millisecond) {
		err := do()
		if !isBusy(err) {
			return err
		}
		if time.Since(began) > s.config.BusyTimeout {
			return fmt.Errorf("%w, for more than %v: %w", ErrBusy, s.config.BusyTimeout, err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-s.closing:
			timer.Stop()
			return store.ErrClosed
		}
	}
}

// read does something with a connection that reads.
func (s *Store) read(ctx context.Context, do func(*link) error) error {
	if s.memory {
		l, err := s.takeWriter(ctx)
		if err != nil {
			return err
		}
		defer func() { s.writer <- l }()
		return ended(ctx, do(l))
	}
	var l *link
	select {
	case l = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	defer func() { s.readers <- l }()
	if l == nil {
		var err error
		if l, err = connect(ctx, s.db, readerSettings...); err != nil {
			return ended(ctx, err)
		}
	}
	err := do(l)
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		l.close()
		l = nil
	}
	return ended(ctx, err)
}

// readOnce does something with a connection that sees one state of the file
// throughout.
func (s *Store) readOnce(ctx context.Context, do func(*link) error) error {
	return s.read(ctx, func(l *link) error {
		// Who is interrupted may have begun, so nobody is.
		lasting := context.WithoutCancel(ctx)
		if _, err := l.exec(lasting, s.statements.beginRead); err != nil {
			return err
		}
		err := do(l)
		// Nothing was written; this only lets go of the state.
		_, rollback := l.exec(lasting, s.statements.rollback)
		return errors.Join(err, rollback)
	})
}

// ended makes an error that the end of ctx has caused that of ctx.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// transaction is the one that writes.
type transaction struct {
	*Store
	link    *link
	ctx     context.Context // the caller's
	lasting context.Context // the same, but does not end; for statements
	now     int64           // of the clock of the file, in microseconds
	changed int64           // the last change; zero until it is asked for
	changes int             // that are committed with it
}

func (t *transaction) exec(s *statement, args ...any) (int64, error) {
	return t.link.exec(t.lasting, s, args...)
}

func (t *transaction) query(s *statement, args []any, each func(row []any) error) error {
	return t.link.query(t.lasting, s, args, each)
}
