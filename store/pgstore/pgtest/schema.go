package pgtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Schema creates an empty schema, and drops it when the test ends.
func (c *Cluster) Schema(t testing.TB) string {
	t.Helper()
	name := unique()
	c.Exec(t, "create schema "+name)
	t.Cleanup(func() { c.Exec(t, "drop schema if exists "+name+" cascade") })
	return name
}

// Pool returns a pool whose search_path is the schema. It is closed when the
// test ends. The functions may change its configuration.
func (c *Cluster) Pool(t testing.TB, schema string, change ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(c.ConnString)
	if err != nil {
		t.Fatalf("pgtest: the connection string: %v", err)
	}
	config.MaxConns = 8
	config.ConnConfig.RuntimeParams["search_path"] = schema
	for _, f := range change {
		f(config)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("pgtest: the pool: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Exec runs statements on a connection of its own, also when the test's
// context has ended.
func (c *Cluster) Exec(t testing.TB, sql ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.ConnString)
	if err != nil {
		t.Fatalf("pgtest: connect: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.PgConn().Exec(ctx, strings.Join(sql, ";\n")).ReadAll(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}
