package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func migratePrintCommand() *command {
	return &command{
		name: "migrate print", args: "[-after NUMBER]", store: true,
		does: "Prints the SQL of the migrations, for those who apply them with another tool",
		more: "The store is not opened. Apply each migration in a transaction of its own.",
		flags: func(f *flag.FlagSet) action {
			after := f.Int("after", 0, "only those after the migration of that `NUMBER`")
			return func(_ context.Context, p *program, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				if *after < 0 {
					return wrongUsage("-after is %d; it is the number of a migration, as migrate status lists them, 0 for all", *after)
				}
				at, err := p.address()
				if err != nil {
					return err
				}
				all, err := p.known(at.Pool != nil)
				if err != nil {
					return err
				}
				for _, m := range all[min(*after, len(all)):] {
					p.out.say("-- %s", m.name)
					p.out.paragraph(m.sql)
					p.out.say("")
				}
				return nil
			}
		},
	}
}

func migrateStatusCommand() *command {
	return &command{
		name: "migrate status", args: "[-json]", store: true,
		does: "Lists which migrations are applied; the exit code is 1 when some are missing, or newer than this program",
		flags: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "write a line of JSON for each")
			return func(ctx context.Context, p *program, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				at, err := p.address()
				if err != nil {
					return err
				}
				all, err := p.migrations(ctx, at)
				if err != nil {
					return err
				}
				for _, m := range all {
					switch {
					case *asJSON:
						err = errors.Join(err, p.out.json(m))
					case m.Applied.IsZero():
						p.out.say("%-8s %s", m.State, m.Name)
					default:
						p.out.say("%-8s %-20s %s", m.State, m.Name, m.Applied.UTC().Format(time.RFC3339))
					}
				}
				return errors.Join(err, judge(all))
			}
		},
	}
}

func migrateApplyCommand() *command {
	return &command{
		name: "migrate apply", args: "", store: true,
		does: "Applies the migrations that are missing, all or none of them",
		more: "Use the role that owns the tables. It waits 10 s at most for a table that is in use,\n" +
			"unless the URL says otherwise (lock_timeout=…), so that trackers do not queue up behind it.",
		flags: func(*flag.FlagSet) action { return apply },
	}
}

func apply(ctx context.Context, p *program, args []string) error {
	if err := none(args); err != nil {
		return err
	}
	at, err := p.address()
	if err != nil {
		return err
	}
	alone, err := p.alone(ctx, at)
	if err != nil {
		return remedied(err)
	}
	defer alone()
	var missing []string
	if mustExist(at) == nil { // else all are
		all, err := p.migrations(ctx, at)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.State == stateMissing {
				missing = append(missing, m.Name)
			}
		}
		if missing == nil && judge(all) == nil {
			p.out.say("nothing is missing")
			return nil
		}
	}
	if at.Pool != nil && at.Pool.ConnConfig.RuntimeParams["lock_timeout"] == "" {
		at.Pool.ConnConfig.RuntimeParams["lock_timeout"] = "10s"
	}
	s, err := at.Open(ctx, &pgstore.Config{Schema: p.where.schema, Prefix: p.where.prefix})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "55P03" {
		return errors.New("a table is in use for more than 10 s, and nothing was applied: try again when less goes on, or give lock_timeout=… in the URL")
	}
	if err != nil {
		return err
	}
	if missing == nil {
		p.out.say("the tables were made")
	}
	for _, name := range missing {
		p.out.say("applied  %s", name)
	}
	return s.Close()
}

// alone waits until nobody else applies migrations with this program, in PostgreSQL:
// who comes second finds nothing missing, and does not say that it has applied it.
func (p *program) alone(ctx context.Context, at *stores.Address) (release func(), err error) {
	if at.Pool == nil {
		return func() {}, nil
	}
	conn, err := connect(ctx, at)
	if err != nil {
		return nil, err
	}
	release = func() { _ = conn.Close(context.WithoutCancel(ctx)) } // with it goes the lock
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtextextended('convtrackctl migrate apply', 0))"); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// sqlText is a migration that this program knows.
type sqlText struct{ name, sql string }

// known are the migrations of this version.
func (p *program) known(postgres bool) (all []sqlText, err error) {
	files := sqlitestore.Migrations()
	if postgres {
		if files, err = pgstore.Migrations(p.tables()); err != nil {
			return nil, err
		}
	}
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sql := string(text)
		if !postgres {
			sql = strings.ReplaceAll(sql, sqlitestore.DefaultPrefix, p.where.prefix)
		}
		all = append(all, sqlText{strings.TrimSuffix(name, ".sql"), sql})
	}
	return all, nil
}

// The states of a migration.
const (
	stateApplied = "applied"
	stateMissing = "missing"
	stateNewer   = "newer" // than this program
)

// migration is one, and what became of it.
type migration struct {
	Number  int       `json:"number"`
	Name    string    `json:"name"`
	State   string    `json:"state"`
	Applied time.Time `json:"applied,omitzero"`
}

// migrations compares what is applied with what this version knows.
func (p *program) migrations(ctx context.Context, at *stores.Address) (all []migration, err error) {
	known, err := p.known(at.Pool != nil)
	if err != nil {
		return nil, err
	}
	if err := mustExist(at); err != nil {
		return nil, err
	}
	applied, err := p.applied(ctx, at)
	if err != nil {
		return nil, remedied(err)
	}
	for i, k := range known {
		m := migration{Number: i + 1, Name: k.name, State: stateMissing}
		if i < len(applied) {
			m.State, m.Applied = stateApplied, applied[i].Applied
		}
		all = append(all, m)
	}
	for _, m := range applied[min(len(known), len(applied)):] {
		m.State = stateNewer
		all = append(all, m)
	}
	return all, nil
}

// judge says what is wrong with the migrations; nil: nothing.
func judge(all []migration) error {
	missing, newer := 0, 0
	for _, m := range all {
		switch m.State {
		case stateMissing:
			missing++
		case stateNewer:
			newer++
		}
	}
	switch {
	case newer > 0:
		return fmt.Errorf("%s newer than this program: update it", count(newer, "migration is", "migrations are"))
	case missing > 0:
		return fmt.Errorf("%s missing: convtrackctl migrate apply applies them, with the role that owns the tables", count(missing, "migration is", "migrations are"))
	}
	return nil
}
