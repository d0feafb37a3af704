package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations returns the statements that make the tables: a file for each
// migration, named so that they sort, each to be applied in a transaction. They
// use the names of c, which may be nil; without Config.Schema the search_path
// says where the tables are made. Each one notes in the table of migrations
// that it was applied.
func Migrations(c *Config) (fs.FS, error) {
	config := c.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	return readMigrations(&config)
}

// readMigrations returns the files with the names of c.
func readMigrations(c *Config) (files, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all files
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sql := strings.ReplaceAll(string(text), DefaultPrefix, c.Prefix)
		if c.Schema != "" {
			// What is PostgreSQL's own is found first, what is temporary last.
			sql = "set local search_path to " + pgx.Identifier{c.Schema}.Sanitize() + ", pg_temp;\n\n" + sql
		}
		all = append(all, file{strings.TrimPrefix(name, "migrations/"), sql})
	}
	return all, nil
}

// migrate applies the migrations that are missing.
func (db *database) migrate(ctx context.Context) error {
	all, err := readMigrations(&db.config)
	if err != nil {
		return err
	}
	applied, err := db.applied(ctx, db.pool)
	if err != nil {
		return err
	}
	switch {
	case applied > len(all):
		return fmt.Errorf("%w: migration %d is applied, this version knows %d; update this program", ErrNewer, applied, len(all))
	case applied == len(all):
		return nil
	case db.config.SkipMigrations:
		return fmt.Errorf("%w: %d migrations are applied in the schema %q, this version needs %d; apply those of pgstore.Migrations, or leave Config.SkipMigrations unset",
			ErrOutdated, applied, db.config.Schema, len(all))
	}
	// It can lose a deadlock with those who read the tables in another order.
	return db.retry(ctx, func(c *pgx.Conn) error { return db.apply(ctx, c, all) }, func(_ context.Context, err error) (bool, error) { return false, err })
}

// apply applies the missing ones in one transaction.
func (db *database) apply(ctx context.Context, c *pgx.Conn, all files) error {
	exec := func(sql string) error {
		_, err := c.PgConn().Exec(ctx, sql).ReadAll()
		return err
	}
	begin := "begin isolation level read committed; set local statement_timeout = 0; set local client_min_messages = warning; select pg_advisory_xact_lock(" + fmt.Sprint(db.lockKey()) + ")"
	if err := exec(begin); err != nil {
		return err
	}
	var exists bool
	if err := c.QueryRow(ctx, `select exists (select from pg_catalog.pg_namespace where nspname = $1::text)`, db.mode(), db.config.Schema).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if err := exec("create schema " + pgx.Identifier{db.config.Schema}.Sanitize()); err != nil {
			return fmt.Errorf("the schema %q does not exist: %w", db.config.Schema, err)
		}
	}
	applied, err := db.applied(ctx, c) // somebody may have been faster
	if err != nil {
		return err
	}
	for _, f := range all[min(applied, len(all)):] {
		if err := exec(f.text); err != nil {
			return fmt.Errorf("migration %s: %w", f.name, lineOf(err, f.text))
		}
	}
	return exec("commit")
}

// lockKey is the advisory lock of the migrations of these tables.
func (db *database) lockKey() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("convtrack migrations " + db.config.name(""))) // a hash takes everything
	return int64(h.Sum64())
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// applied returns the number of the last migration that was applied; 0 when
// there are no tables. It reads nothing that could be code of somebody else, as
// a view or the policy of a table is.
func (db *database) applied(ctx context.Context, q querier) (int, error) {
	var plain bool
	err := q.QueryRow(ctx, `select c.relkind = 'r' and not c.relrowsecurity from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where n.nspname = $1::text and c.relname = $2::text`, db.mode(), db.config.Schema, db.config.Prefix+"migration").Scan(&plain)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	case !plain:
		return 0, &SchemaError{[]string{db.config.name("migration") + " is not a table, or has row security"}}
	}
	var last int
	err = q.QueryRow(ctx, `select coalesce(max(number), 0)::bigint from `+db.config.name("migration"), db.mode()).Scan(&last)
	return last, err
}

// lineOf adds the line of the file in which the statement failed.
func lineOf(err error, sql string) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Position > 0 && int(e.Position) <= len(sql) {
		return fmt.Errorf("line %d: %w", 1+strings.Count(sql[:e.Position], "\n"), err)
	}
	return err
}
