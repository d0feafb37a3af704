package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// DefaultPrefix is what the names of tables begin with, in Migrations too.
const DefaultPrefix = "cdm_"

// Migrations returns the statements that make the tables: one file for each
// version, named so that they sort, to be applied in a transaction each. They
// are written for DefaultPrefix. Each notes that it is applied, and the first one
// marks the file as a store's.
func Migrations() fs.FS {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic("sqlitestore: " + err.Error()) // the directory is embedded
	}
	return files
}

// migration is one of them, for a prefix.
type migration struct {
	name string
	text string
}

func migrations(prefix string) ([]migration, error) {
	files := Migrations()
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	all := make([]migration, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		all[i] = migration{strings.TrimSuffix(name, ".sql"), strings.ReplaceAll(string(text), DefaultPrefix, prefix)}
	}
	return all, nil
}

// migrate applies the migrations that are missing. Several processes may do
// so at the same time: one of them does.
func (s *Store) migrate(ctx context.Context, c *sql.Conn) error {
	all, err := migrations(s.config.Prefix)
	if err != nil {
		return err
	}
	applied, err := s.applied(ctx, c)
	switch {
	case err != nil:
		return err
	case applied == len(all):
		return nil
	case applied > len(all):
		return fmt.Errorf("%w: migration %d is applied, this version knows %d; update this program", ErrNewer, applied, len(all))
	case s.config.SkipMigrations:
		return fmt.Errorf("%w: migration %d is applied, this version needs %d; apply the ones from sqlitestore.Migrations, or leave Config.SkipMigrations unset",
			ErrOutdated, applied, len(all))
	}
	return inTransaction(ctx, c, func(tx *sql.Tx) error {
		applied, err := s.applied(ctx, tx) // somebody may have been faster
		if err != nil {
			return err
		}
		for _, m := range all[min(applied, len(all)):] {
			if _, err := tx.ExecContext(ctx, m.text); err != nil {
				return fmt.Errorf("migration %s: %w", m.name, err)
			}
		}
		return nil
	})
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// applied returns the number of the last migration that was applied.
func (s *Store) applied(ctx context.Context, q querier) (int, error) {
	var tables, last int
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?", s.config.Prefix+"migration").Scan(&tables); err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) FROM "+s.config.Prefix+"migration").Scan(&last)
	return last, err
}
