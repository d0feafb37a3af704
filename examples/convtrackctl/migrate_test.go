package main_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMissingMigrationsAreNamedAndApplied(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		empty := call(t, store, "", "migrate", "status")
		require.Equal(t, 1, empty.code)
		require.Equal(t, 1, call(t, store, "", "find", "-person", "user=u").code, "nothing is made by looking")
		made := "applied  0001_tables"
		if strings.HasPrefix(store, "sqlite:") {
			made = "the tables were made"
		}
		require.Contains(t, done(t, store, "migrate", "apply"), made)
		require.Regexp(t, `applied  0001_tables +20\d\d-`, done(t, store, "migrate", "status"))
		require.Equal(t, "nothing is missing\n", done(t, store, "migrate", "apply"))
		require.Empty(t, done(t, store, "find", "-person", "user=u"))
	})
}

func TestOfSeveralThatApplyAtOnceOneSaysSo(t *testing.T) {
	t.Parallel()
	store := cluster.URL(cluster.Schema(t))
	said := make(chan string)
	const at = 4
	for range at {
		go func() {
			out, err := command(t, store, "", "migrate", "apply").Output()
			said <- string(out) + fmt.Sprint(err)
		}()
	}
	var all strings.Builder
	for range at {
		all.WriteString(<-said)
	}
	require.Equal(t, 1, strings.Count(all.String(), "applied  0001_tables"), all.String())
	require.Equal(t, at-1, strings.Count(all.String(), "nothing is missing\n<nil>"), all.String())
}

func TestTheMigrationsThatArePrintedMakeTheTables(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	store := cluster.URL(schema)
	missing := call(t, store, "", "failed", "list")
	require.Equal(t, 1, missing.code)
	require.Contains(t, missing.stderr, "convtrackctl migrate apply")
	sql := done(t, store, "migrate", "print", "-schema", schema)
	cluster.Exec(t, "begin", sql, "commit")
	require.NotContains(t, done(t, store, "migrate", "status", "-json"), "missing")
	require.Empty(t, done(t, store, "failed", "list", "-json"))
	require.Less(t, len(done(t, store, "migrate", "print", "-after", "9")), len(sql))
	cluster.Exec(t, "delete from "+schema+".cdm_migration where number >= 10")
	status := call(t, store, "", "migrate", "status")
	require.Equal(t, 1, status.code)
	require.Contains(t, status.stdout, "missing  0010_forgotten")
	require.Contains(t, status.stdout, "missing  0011_next_try")
	cluster.Exec(t, "insert into "+schema+".cdm_migration (number, name) select n, 'later' from generate_series(10, 99) n")
	newer := call(t, store, "", "migrate", "status")
	require.Equal(t, 1, newer.code)
	require.Contains(t, newer.stderr, "update it")
}

func TestTheMigrationsThatArePrintedMakeAFileOfATracker(t *testing.T) {
	t.Parallel()
	store := "sqlite:" + filepath.Join(t.TempDir(), "by hand.db")
	statement(t, store, done(t, store, "migrate", "print"))
	require.Equal(t, "nothing is missing\n", done(t, store, "migrate", "apply"))
	hear(t, track(t, store, noHooks()), called("c-1"))
	require.Contains(t, done(t, store, "open", "c-1"), "c-1")

	statement(t, store, "DROP TABLE cdm_forgotten; DROP INDEX cdm_conversation_vetoed; DROP INDEX cdm_conversation_aside; ALTER TABLE cdm_delivery DROP COLUMN trace; "+
		"ALTER TABLE cdm_session DROP COLUMN requested_routing_skill_ids; ALTER TABLE cdm_session DROP COLUMN requested_language_id; ALTER TABLE cdm_session DROP COLUMN routing_priority; DELETE FROM cdm_migration WHERE number > 3")
	require.Contains(t, call(t, store, "", "migrate", "status").stdout, "missing  0004_forgotten")
	statement(t, store, done(t, store, "migrate", "print", "-after", "3"))
	require.NotContains(t, done(t, store, "migrate", "status"), "missing")
}

func TestTheGrantsAreEnoughForATrackerAndNoMore(t *testing.T) {
	t.Parallel()
	schema := cluster.Schema(t)
	store := cluster.URL(schema)
	done(t, store, "migrate", "apply")
	role := "role_" + schema
	cluster.Exec(t, "create role "+role+" login", "create table "+schema+".of_the_host (x int)")
	t.Cleanup(func() { cluster.Exec(t, "drop owned by "+role+" cascade", "drop role "+role) })
	asRole := as(t, store, role)
	hidden := call(t, asRole, "", "migrate", "status")
	require.Equal(t, 1, hidden.code)
	require.Contains(t, hidden.stderr, "convtrackctl grants ROLE")
	cluster.Exec(t, "grant usage on schema "+schema+" to "+role)
	refused := call(t, asRole, "", "failed", "list")
	require.Equal(t, 1, refused.code)
	require.Contains(t, refused.stderr, "convtrackctl grants ROLE")
	sql := done(t, "", "grants", role, "-schema", schema)
	require.NotContains(t, sql, "of_the_host")
	cluster.Exec(t, sql)
	hear(t, track(t, asRole, noHooks()), called("c-1"))
	require.Contains(t, done(t, asRole, "forget", "-yes", "c-1"), "1 of which stored")
}

// as is the address of a store for another role.
func as(t *testing.T, store, role string) string {
	t.Helper()
	u, err := url.Parse(store)
	require.NoError(t, err)
	query := u.Query()
	query.Set("user", role)
	u.RawQuery, u.User = query.Encode(), nil
	return u.String()
}

func TestWrongUseIsSaidWithWhatToDo(t *testing.T) {
	t.Parallel()
	file := "sqlite:" + filepath.Join(t.TempDir(), "none.db")
	for _, c := range []struct {
		store string
		args  []string
		code  int
		says  string
	}{
		{"", nil, 2, "no command is given"},
		{"", []string{"list"}, 2, `"list" is no command`},
		{"", []string{"-store", "x", "open"}, 2, "-store stands before the command: name the command first"},
		{"", []string{"failed"}, 2, "failed needs one of these words: list, retry, skip"},
		{"", []string{"open", "x"}, 2, "set CONVTRACK_STORE"},
		{"memory", []string{"open", "x"}, 2, "nobody else can look into it"},
		{"oracle", []string{"open", "x"}, 2, `-store: "oracle" is not known`},
		{file, []string{"open"}, 2, "convtrackctl help open"},
		{file, []string{"open", "x"}, 1, "there is no file"},
		{file, []string{"open", "-x"}, 2, "-x"},
		{"sqlite:" + t.TempDir(), []string{"open", "x"}, 1, "is a folder"},
		{file, []string{"open", "x", "-schema", "y"}, 2, "-schema is for PostgreSQL"},
		{file, []string{"tail", "-every", "1ms"}, 2, "at least 50ms"},
		{file, []string{"find"}, 2, "-person"},
		{file, []string{"find", "-person", "name=x"}, 2, "address, contact, user"},
		{file, []string{"failed", "list", "-kind", "x"}, 2, "delivery or change"},
		{file, []string{"failed", "list", "-from", "monday"}, 2, "2025-01-10T09:00:00Z"},
		{file, []string{"failed", "retry"}, 2, "give ids"},
		{file, []string{"failed", "retry", "-all", "-hook", "x"}, 2, "-all is everything"},
		{file, []string{"failed", "skip", "x"}, 2, "failed list prints them"},
		{file, []string{"forget"}, 2, "give the ids"},
		{file, []string{"forget", "-"}, 2, "-yes is needed"},
		{file, []string{"grants"}, 2, "one role"},
		{file, []string{"completion", "fish"}, 2, "bash"},
		{"postgres://u:pass-word@127.0.0.1:1/x", []string{"failed", "list"}, 1, "postgres://…: "},
		{"postgres://u:pass-word@127.0.0.1:nowhere/x", []string{"failed", "list"}, 2, "postgres://…: "},
	} {
		r := call(t, c.store, "", c.args...)
		require.Equal(t, c.code, r.code, "%v: %s", c.args, r.stderr)
		require.Contains(t, r.stderr, c.says, c.args)
		require.NotContains(t, r.stderr, "pass-word")
		require.Empty(t, r.stdout)
	}
	require.NoFileExists(t, strings.TrimPrefix(file, "sqlite:"))
}
