package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// database is where the backend keeps everything: conversations and, beside
// them, cases.
type database struct {
	store.Store
	cases cases
	says  string // for who starts the backend
	close func()
}

// Close ends the store and what it stands on.
func (d *database) Close() error {
	err := d.Store.Close()
	if d.close != nil {
		d.close()
	}
	return err
}

func openDatabase(ctx context.Context, name string) (*database, error) {
	switch scheme, path, _ := strings.Cut(name, ":"); {
	case name == "memory":
		return &database{Store: memstore.New(), cases: cases{owners: &sync.Map{}}, says: "in memory, until the end; -store sqlite:PATH or postgres://… keeps it"}, nil
	case scheme == "sqlite" && path == "":
		return nil, wrongUsage("-store", "sqlite: needs the path of a file, as in sqlite:backend.db")
	case scheme == "sqlite" && path == ":memory:":
		return nil, wrongUsage("-store", "sqlite::memory: would be gone with the process; use memory, or the path of a file")
	case scheme == "sqlite":
		return openSQLite(ctx, path)
	case scheme == "postgres", scheme == "postgresql":
		return openPostgres(ctx, name)
	}
	return nil, wrongUsage("-store", "%q is not known; it is memory, sqlite:PATH or a postgres:// URL", name)
}

func openSQLite(ctx context.Context, path string) (*database, error) {
	s, err := sqlitestore.Open(ctx, path, nil)
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	uri := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path)) + "?_pragma=busy_timeout(30000)"
	db, err := sql.Open("sqlite", uri)
	if err == nil {
		_, err = db.ExecContext(ctx, createCases)
	}
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
	return &database{Store: s, cases: cases{exec: execSQLite, read: read}, close: func() { _ = db.Close() }, says: "the SQLite file " + path}, nil
}

func openPostgres(ctx context.Context, url string) (*database, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, &usageError{"-store postgres://…", err}
	}
	s, err := pgstore.New(ctx, pool, nil)
	if err == nil {
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			// Replicas may start at once.
			_, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dcm_case'));"+createCases)
			return err
		})
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("-store postgres://…: %w", err)
	}
	at := pool.Config().ConnConfig
	read := func(ctx context.Context, statement, arg string) (text string, err error) {
		err = pool.QueryRow(ctx, statement, arg).Scan(&text)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil
		}
		return text, err
	}
	return &database{Store: s, cases: cases{exec: execPostgres, read: read}, close: pool.Close,
		says: fmt.Sprintf("the PostgreSQL database %s at %s", at.Database, at.Host)}, nil
}
