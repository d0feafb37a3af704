package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// connect connects to PostgreSQL, beside any pool.
func connect(ctx context.Context, at *stores.Address) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, at.Pool.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("the database does not answer: see that it runs, and that -store names its host, port, user and database: %w", err)
	}
	return conn, nil
}

// applied reads the table of migrations, also where it is not what this version
// needs; none when there is no table.
func (p *program) applied(ctx context.Context, at *stores.Address) ([]migration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	if at.Pool == nil {
		return p.appliedInFile(ctx, at)
	}
	conn, err := connect(ctx, at)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	schema := p.where.schema
	if schema == "" {
		if err := conn.QueryRow(ctx, "select coalesce(current_schema(), '')::text").Scan(&schema); err != nil {
			return nil, err
		}
		if schema == "" {
			return nil, errors.New("no schema of the search_path exists, or the role may not use it: name it with -schema, or see what convtrackctl grants ROLE prints")
		}
	}
	all, err := readApplied(ctx, conn, pgx.Identifier{schema, p.where.prefix + "migration"})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42P01" { // there is no such table
		return nil, nil
	}
	return all, err
}

func readApplied(ctx context.Context, conn *pgx.Conn, table pgx.Identifier) ([]migration, error) {
	rows, err := conn.Query(ctx, "select number, name, applied from "+table.Sanitize()+" order by number")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (m migration, err error) {
		return m, row.Scan(&m.Number, &m.Name, &m.Applied)
	})
}

func (p *program) appliedInFile(ctx context.Context, at *stores.Address) (all []migration, err error) {
	db, err := sql.Open("sqlite", at.FileURI("mode=ro&_pragma=busy_timeout(10000)"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?", p.where.prefix+"migration").Scan(&tables); err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if tables == 0 {
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, `SELECT number, name, applied FROM "`+p.where.prefix+`migration" ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m migration
		var microseconds int64
		if err := rows.Scan(&m.Number, &m.Name, &microseconds); err != nil {
			return nil, err
		}
		m.Applied = time.UnixMicro(microseconds).UTC()
		all = append(all, m)
	}
	return all, rows.Err()
}

// remedied adds to an error of opening a store what to do about it.
func remedied(err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgstore.ErrOutdated) || errors.Is(err, sqlitestore.ErrOutdated):
		return fmt.Errorf("migrations are missing: convtrackctl migrate apply applies them, with the role that owns the tables (%w)", err)
	case errors.Is(err, pgstore.ErrNewer) || errors.Is(err, sqlitestore.ErrNewer):
		return fmt.Errorf("the store is of a newer version than this program: update it (%w)", err)
	case errors.As(err, &refused) && refused.Code == "42501":
		return fmt.Errorf("the role lacks a privilege: convtrackctl grants ROLE prints what it needs (%w)", err)
	}
	return err
}
