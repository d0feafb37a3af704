package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// server is the PostgreSQL that is measured on. Each variant has a schema of
// its own there.
type server struct {
	connString string
	cluster    *pgtest.Cluster
	process    int // the server's first one; 0: not known
	admin      *pgxpool.Pool
	undo       []func(context.Context) error
}

var errNoServer = errors.New("there is no PostgreSQL to measure on: install the server (Debian: apt-get install postgresql-15; " +
	"macOS: brew install postgresql@17), or name a database with -database")

// openServer connects to the database; when the string is empty it starts a
// private server, with the library loaded into it unless that is empty.
func openServer(ctx context.Context, connString, preload string) (*server, error) {
	options := []pgtest.Option{pgtest.Untuned()}
	if preload != "" {
		options = append(options, pgtest.Preload(preload))
	}
	c, err := pgtest.Start(connString, options...) //nolint:contextcheck // it outlives a context that ends, so that what was made can be dropped
	if errors.Is(err, pgtest.ErrNoServer) {
		return nil, errNoServer
	}
	if err != nil {
		return nil, err
	}
	s := &server{connString: c.ConnString, cluster: c}
	if s.admin, err = pgxpool.New(ctx, s.connString); err == nil {
		err = s.admin.Ping(ctx)
	}
	if err != nil {
		if connString != "" {
			err = fmt.Errorf("%w\nstart the server that -database names, or leave -database out: then a private one is started", err)
		}
		return nil, errors.Join(err, s.close(ctx))
	}
	s.process = s.postmaster(ctx)
	return s, nil
}

// close drops what was made, and ends the server if it is private.
func (s *server) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := s.clear(ctx)
	if s.admin != nil {
		s.admin.Close()
	}
	return errors.Join(err, s.cluster.Close())
}

// clear undoes what was done since the server was opened, the last first.
func (s *server) clear(ctx context.Context) error {
	var failed error
	for ; len(s.undo) > 0; s.undo = s.undo[:len(s.undo)-1] {
		failed = errors.Join(failed, s.undo[len(s.undo)-1](ctx))
	}
	return failed
}

// later has something done when the server is cleared.
func (s *server) later(f func(context.Context) error) { s.undo = append(s.undo, f) }

// useIn has a private server write its log until the files of it are used
// again, as those of any server are that has run for a while: a new one creates
// them, filled with zeros, in the middle of what is measured.
func (s *server) useIn(ctx context.Context, o *options) error {
	if o.quick || !s.cluster.Private() {
		return nil
	}
	fmt.Fprintln(o.progress, "writing the server's log until its files are used again")
	const record = 1 << 20
	var most int // megabytes
	if err := s.admin.QueryRow(ctx, "select setting::int from pg_settings where name = 'max_wal_size'").Scan(&most); err != nil {
		return err
	}
	for range most {
		if _, err := s.admin.Exec(ctx, "select pg_logical_emit_message(false, 'used in', repeat('x', $1::int))", record); err != nil {
			return err
		}
	}
	_, err := s.admin.Exec(ctx, "checkpoint")
	return err
}

// site is the place of one variant: a schema, and how to connect to it.
type site struct {
	*server
	schema string
}

func (s *server) newSite(ctx context.Context) (*site, error) {
	x := &site{s, "bench" + strings.ToLower(rand.Text())}
	if _, err := s.admin.Exec(ctx, "create schema "+x.schema); err != nil {
		return nil, err
	}
	s.later(func(ctx context.Context) error {
		_, err := s.admin.Exec(ctx, "drop schema "+x.schema+" cascade")
		return err
	})
	return x, nil
}

// poolConfig is how to connect so that the search_path is the schema.
func (x *site) poolConfig(connections int) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(x.connString)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(connections)
	config.ConnConfig.RuntimeParams["search_path"] = x.schema
	return config, nil
}

// pool returns a pool that is closed when the server is cleared.
func (x *site) pool(ctx context.Context, connections int) (*pgxpool.Pool, error) {
	config, err := x.poolConfig(connections)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	x.later(func(context.Context) error {
		pool.Close()
		return nil
	})
	return pool, nil
}

// pgbench returns the path of the program; empty when there is none.
func (s *server) pgbench(ctx context.Context) string {
	var dir string
	// Only a superuser may ask, and the server may be on another machine.
	if err := s.admin.QueryRow(ctx, "select setting from pg_config where name = 'BINDIR'").Scan(&dir); err == nil {
		path := filepath.Join(dir, "pgbench")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return ""
	}
	return path
}

// written is how much has been written to the log of the server so far.
func (s *server) written(ctx context.Context) (bytes float64, err error) {
	err = s.admin.QueryRow(ctx, "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8").Scan(&bytes)
	return bytes, err
}

// describe writes what is measured on. It fails when commits are not durable:
// then the figures would say nothing.
func (s *server) describe(ctx context.Context, w io.Writer, o *options) error {
	var version, fsync, commit string
	if err := s.admin.QueryRow(ctx, "select current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&version, &fsync, &commit); err != nil {
		return err
	}
	if fsync != "on" || commit != "on" {
		return fmt.Errorf("the server has fsync %s and synchronous_commit %s; both must be on, or its commits are not durable", fsync, commit)
	}
	kind := "a private server"
	if !s.cluster.Private() {
		kind = "the given database"
	}
	fmt.Fprintf(w, "PostgreSQL %s (%s; fsync and synchronous_commit on), %s %s/%s, %d cores for client and server; %d rounds of %v.\n",
		version, kind, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.rounds, o.each)
	if o.quick {
		fmt.Fprintln(w, "\n**A quick run: the figures mean nothing.**")
	}
	return nil
}
