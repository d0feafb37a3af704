package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// engine is a kind of store, and what one durable commit is there.
type engine interface {
	name() string
	// place makes room for a new store, which open opens, also in another
	// process. remove removes it.
	place(ctx context.Context) (target string, remove func() error, err error)
	open(ctx context.Context, target string) (store.Store, error)
	// committer returns what commits one small row.
	committer(ctx context.Context) (commit func() error, end func() error, err error)
}

func engineOf(name string) engine {
	if name == (&sqlite{}).name() {
		return &sqlite{}
	}
	return &postgres{}
}

type postgres struct{ cluster *pgtest.Cluster }

func (*postgres) name() string { return "PostgreSQL" }

func (p *postgres) place(ctx context.Context) (string, func() error, error) {
	schema := fmt.Sprintf("latency%d", time.Now().UnixNano())
	pool, err := pgxpool.New(ctx, p.cluster.ConnString)
	if err != nil {
		return "", nil, err
	}
	_, err = pool.Exec(ctx, "create schema "+schema)
	return p.cluster.In(schema), func() error {
		defer pool.Close()
		_, err := pool.Exec(context.WithoutCancel(ctx), "drop schema "+schema+" cascade")
		return err
	}, err
}

// pooled is a store that closes its pool.
type pooled struct {
	store.Store
	pool *pgxpool.Pool
}

// Unwrap returns the store alone.
func (p pooled) Unwrap() store.Store { return p.Store }

func (p pooled) Close() error {
	err := p.Store.Close()
	p.pool.Close()
	return err
}

func (*postgres) open(ctx context.Context, target string) (store.Store, error) {
	config, err := pgxpool.ParseConfig(target)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s, err := pgstore.New(ctx, pool, nil)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return pooled{s, pool}, nil
}

func (p *postgres) committer(ctx context.Context) (commit, end func() error, err error) {
	target, remove, err := p.place(ctx)
	if err != nil {
		return nil, nil, err
	}
	pool, err := pgxpool.New(ctx, target)
	if err == nil {
		_, err = pool.Exec(ctx, "create table small (n int)")
	}
	return func() error {
			_, err := pool.Exec(ctx, "insert into small values (1)")
			return err
		}, func() error {
			pool.Close()
			return remove()
		}, err
}

type sqlite struct{}

func (*sqlite) name() string { return "SQLite" }

func (*sqlite) place(context.Context) (string, func() error, error) {
	dir, err := os.MkdirTemp("", "latency")
	return filepath.Join(dir, "it.db"), func() error { return os.RemoveAll(dir) }, err
}

func (*sqlite) open(ctx context.Context, target string) (store.Store, error) {
	return sqlitestore.Open(ctx, target, nil)
}

func (s *sqlite) committer(ctx context.Context) (commit, end func() error, err error) {
	target, remove, err := s.place(ctx)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", target)
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, strings.Join([]string{"pragma journal_mode=wal", "pragma synchronous=full", "create table small (n int)"}, ";"))
	return func() error {
		_, err := db.ExecContext(ctx, "insert into small values (1)")
		return err
	}, func() error { return errors.Join(db.Close(), remove()) }, err
}
