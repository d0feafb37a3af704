package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store"
)

// database is where the backend keeps everything: conversations and, beside
// them, cases.
type database struct {
	store.Store
	cases cases
	says  string // for who starts the backend
	close func()
}

// Unwrap returns the store alone, with all that it is able to do.
func (d *database) Unwrap() store.Store { return d.Store }

// Close ends the store and what it stands on.
func (d *database) Close() error {
	err := d.Store.Close()
	if d.close != nil {
		d.close()
	}
	return err
}

func openDatabase(ctx context.Context, name string) (*database, error) {
	at, err := stores.Parse(name)
	if err != nil {
		return nil, &usageError{"-store", err}
	}
	s, err := at.Open(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	switch {
	case at.Pool != nil:
		return onPostgres(ctx, at, s)
	case at.Path != "":
		return onSQLite(ctx, at, s)
	}
	return &database{Store: s, cases: cases{owners: &owners{by: map[string]owner{}}}, says: "in memory, until the end; -store sqlite:PATH or postgres://… keeps it"}, nil
}

func onSQLite(ctx context.Context, at *stores.Address, s *stores.Store) (*database, error) {
	db, err := sql.Open("sqlite", at.FileURI("_pragma=busy_timeout(30000)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the table of cases: %w", err), s.Close())
	}
	read := func(ctx context.Context, statement, arg string) (text string, err error) {
		err = db.QueryRowContext(ctx, statement, arg).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		return text, err
	}
	d := &database{Store: s, cases: cases{exec: execSQLite, read: read}, close: func() { _ = db.Close() }, says: at.String()}
	err = d.cases.prepare(ctx, "select name from sqlite_master where name = $1", func(ctx context.Context, statement string) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func onPostgres(ctx context.Context, at *stores.Address, s *stores.Store) (*database, error) {
	pool := s.Pool
	read := func(ctx context.Context, statement, arg string) (text string, err error) {
		err = pool.QueryRow(ctx, statement, arg).Scan(&text)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil
		}
		return text, err
	}
	d := &database{Store: s, cases: cases{exec: execPostgres, read: read}, says: at.String()}
	err := d.cases.prepare(ctx, "select coalesce(to_regclass($1)::text, '')", func(ctx context.Context, statement string) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			// Replicas may start at once.
			_, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dcm_case'));"+statement)
			return err
		})
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}
