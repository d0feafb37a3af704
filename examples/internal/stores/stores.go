// Package stores opens the store that the flag -store of a program names:
// memory, sqlite:PATH or a postgres:// URL.
package stores

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// Address says where a store is. With both fields empty it is in memory.
type Address struct {
	Path string // of an SQLite file
	// Pool is how a PostgreSQL database is reached. It may be changed before Open.
	Pool *pgxpool.Config
}

// Parse reads the value of the flag. The error does not show a password.
func Parse(name string) (*Address, error) {
	switch scheme, path, _ := strings.Cut(name, ":"); {
	case name == "memory":
		return &Address{}, nil
	case scheme == "sqlite" && path == "":
		return nil, errors.New("sqlite: needs the path of a file, as in sqlite:conversations.db")
	case scheme == "sqlite" && path == ":memory:":
		return nil, errors.New("sqlite::memory: would be gone with the process; use memory, or the path of a file")
	case scheme == "sqlite":
		return &Address{Path: path}, nil
	case scheme == "postgres", scheme == "postgresql":
		pool, err := pgxpool.ParseConfig(name)
		if err != nil {
			return nil, fmt.Errorf("postgres://…: %w", err)
		}
		return &Address{Pool: pool}, nil
	case strings.Contains(name, "@"):
		return nil, errors.New("it is not known; it is memory, sqlite:PATH or a postgres:// URL")
	}
	return nil, fmt.Errorf("%q is not known; it is memory, sqlite:PATH or a postgres:// URL", name)
}

// String names the store for people, without credentials.
func (a *Address) String() string {
	switch {
	case a.Pool != nil:
		return fmt.Sprintf("the PostgreSQL database %s at %s", a.Pool.ConnConfig.Database, a.Pool.ConnConfig.Host)
	case a.Path != "":
		return "the SQLite file " + a.Path
	}
	return "memory"
}

// FileURI is the address of the SQLite file for database/sql, with settings of the
// driver, as in "mode=ro".
func (a *Address) FileURI(settings string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(a.Path)) + "?" + settings
}

// Store is an open store, with what it stands on.
type Store struct {
	store.Store
	Pool *pgxpool.Pool // of a PostgreSQL database; else nil
}

// Unwrap returns the store alone, with all that it is able to do.
func (s *Store) Unwrap() store.Store { return s.Store }

// Open opens the store. The fields of tables that do not concern SQLite are not
// used there; nil is all defaults.
func (a *Address) Open(ctx context.Context, tables *pgstore.Config) (*Store, error) {
	if tables == nil {
		tables = &pgstore.Config{}
	}
	switch {
	case a.Pool != nil:
		return a.openPostgres(ctx, tables)
	case a.Path != "":
		s, err := sqlitestore.Open(ctx, a.Path, &sqlitestore.Config{Prefix: tables.Prefix, SkipMigrations: tables.SkipMigrations})
		if err != nil {
			return nil, err
		}
		return &Store{Store: s}, nil
	}
	return &Store{Store: memstore.New()}, nil
}

func (a *Address) openPostgres(ctx context.Context, tables *pgstore.Config) (*Store, error) {
	pool, err := pgxpool.NewWithConfig(ctx, a.Pool)
	if err != nil {
		return nil, fmt.Errorf("postgres://…: %w", err)
	}
	s, err := pgstore.New(ctx, pool, tables)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres://…: %w", err)
	}
	return &Store{s, pool}, nil
}

// closeTime is how long Close waits for connections that are in use.
const closeTime = 3 * time.Second

// Close closes the store and what it stands on. A pool waits for its connections,
// for ever where the server hangs: then they are left behind.
func (s *Store) Close() error {
	err := s.Store.Close()
	if s.Pool == nil {
		return err
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.Pool.Close()
	}()
	select {
	case <-closed:
		return err
	case <-time.After(closeTime):
		return errors.Join(err, errors.New("the database does not let go of its connections; they are left behind"))
	}
}
