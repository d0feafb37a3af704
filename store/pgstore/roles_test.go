package pgstore_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// as runs statements as a role, on a connection of its own.
func as(t testing.TB, role, sql string) error {
	t.Helper()
	config, err := pgx.ParseConfig(cluster.ConnString)
	require.NoError(t, err)
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.PgConn().Exec(t.Context(), "set session authorization "+role+";"+sql).ReadAll()
	return err
}

// asks a question whose answer is yes or no, as the superuser.
func asks(t testing.TB, sql string) (yes bool) {
	t.Helper()
	require.NoError(t, cluster.Pool(t, "public").QueryRow(t.Context(), "select "+sql).Scan(&yes))
	return yes
}

// newRole makes a role that may log in, and nothing more.
func newRole(t testing.TB, name string) string {
	t.Helper()
	cluster.Exec(t, "create role "+name+" login")
	t.Cleanup(func() { cluster.Exec(t, "drop owned by "+name+" cascade", "drop role "+name) })
	return name
}

// roleOf is the name of the role that rowsOnly makes.
func roleOf(schema string) string { return "role_" + schema }

// rowsOnly makes a role that may do what the documentation says is enough.
func rowsOnly(t testing.TB, schema string) string {
	t.Helper()
	role := newRole(t, roleOf(schema))
	cluster.Exec(t, "grant usage on schema "+schema+" to "+role, "grant select, insert, update, delete on all tables in schema "+schema+" to "+role,
		"revoke insert, update, delete on "+schema+".cdm_migration from "+role)
	return role
}

// sessionAs makes a pool whose connections are the role's.
func sessionAs(role string) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) {
		c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "set session authorization "+role)
			return err
		}
	}
}
