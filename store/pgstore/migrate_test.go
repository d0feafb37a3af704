package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/pgstore"
)

func TestOfManyProcessesThatStartAtOnceOneMigrates(t *testing.T) {
	schema := cluster.Schema(t)
	const processes = 8
	errs := make([]error, processes)
	var group sync.WaitGroup
	for i := range processes {
		pool := cluster.Pool(t, schema)
		group.Go(func() { _, errs[i] = pgstore.New(t.Context(), pool, nil) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	s := openIn(t, schema)
	require.NoError(t, s.Validate(t.Context()))
}

func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	s := open(t)
	_, err := s.pool.Exec(t.Context(), "insert into cdm_migration values (1000, 'from the future')")
	require.NoError(t, err)
	_, err = pgstore.New(t.Context(), s.pool, nil)
	require.ErrorIs(t, err, pgstore.ErrNewer)
	require.ErrorContains(t, s.Validate(t.Context()), "a newer version was here")
}

func TestWithoutMigrationsTheTablesMustBeThere(t *testing.T) {
	pool := cluster.Pool(t, cluster.Schema(t))
	_, err := pgstore.New(t.Context(), pool, &pgstore.Config{SkipMigrations: true})
	require.ErrorIs(t, err, pgstore.ErrOutdated)
	_, err = pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	_, err = pgstore.New(t.Context(), pool, &pgstore.Config{SkipMigrations: true})
	require.NoError(t, err)
}

func TestTheMigrationsAreFilesThatAHostCanApply(t *testing.T) {
	for _, named := range []bool{false, true} {
		schema := cluster.Schema(t)
		c := &pgstore.Config{Prefix: "dcm_"}
		pool := cluster.Pool(t, schema)
		if named {
			c.Schema = schema
			pool = cluster.Pool(t, "public")
		}
		files, err := pgstore.Migrations(c)
		require.NoError(t, err)
		require.NoError(t, fstest.TestFS(files, "0001_tables.sql"))
		names, err := fs.Glob(files, "*.sql")
		require.NoError(t, err)
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			require.NoError(t, err)
			require.NotContains(t, string(text), pgstore.DefaultPrefix)
			require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), string(text))
				return err
			}))
		}
		c.SkipMigrations = true
		s, err := pgstore.New(t.Context(), pool, c)
		require.NoError(t, err)
		require.NoError(t, s.Validate(t.Context()))
	}
}

func TestASchemaThatIsNamedIsMadeWhereItIsMissing(t *testing.T) {
	schema := cluster.Schema(t) + `-"x"`
	quoted := pgx.Identifier{schema}.Sanitize()
	t.Cleanup(func() { cluster.Exec(t, "drop schema "+quoted+" cascade") })
	s, err := pgstore.New(t.Context(), cluster.Pool(t, "public"), &pgstore.Config{Schema: schema})
	require.NoError(t, err)
	require.NoError(t, s.Validate(t.Context()))
	workThrough(t, opened{Store: s})
}

func TestWithoutASchemaThereIsAnErrorThatSaysSo(t *testing.T) {
	_, err := pgstore.New(t.Context(), cluster.Pool(t, "nowhere"), nil)
	require.ErrorContains(t, err, "no schema of the search_path exists")
}

func TestABadConfigurationIsRefused(t *testing.T) {
	pool := cluster.Pool(t, "public")
	for _, c := range []pgstore.Config{{Prefix: "Cdm_"}, {Prefix: "1"}, {Prefix: `x"; drop`}, {Prefix: strings.Repeat("p", 32)}, {Schema: strings.Repeat("s", 64)}, {Schema: "\x00"}} {
		_, err := pgstore.New(t.Context(), pool, &c)
		require.ErrorContains(t, err, "pgstore: Config.")
		_, err = pgstore.Migrations(&c)
		require.Error(t, err)
	}
	_, err := pgstore.New(t.Context(), nil, nil)
	require.Error(t, err)
}

func TestValidateNamesWhatIsNotAsItMustBe(t *testing.T) {
	s := open(t)
	for _, sql := range []string{"drop view cdm_report_open_conversations", "drop table cdm_survey", "alter table cdm_participant rename ani to caller",
		"alter table cdm_transfer alter state type varchar(10)", "drop index cdm_conversation_start", "drop type cdm_metric_row", "drop trigger cdm_conversation_deleted on cdm_conversation",
		"alter table cdm_session disable trigger cdm_session_truncated"} {
		_, err := s.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	err := s.Validate(t.Context())
	var problems *pgstore.SchemaError
	require.ErrorAs(t, err, &problems)
	all := strings.Join(problems.Problems, "\n")
	for _, want := range []string{"cdm_survey is missing", "the column cdm_participant.ani is missing", "cdm_transfer.state is of the type character varying(10), and must be text",
		"the index cdm_conversation_start is missing", "cdm_metric_row is missing", "the trigger cdm_conversation_deleted is missing", "the trigger cdm_session_truncated is missing, or disabled",
		"the view " + s.schema + ".cdm_report_open_conversations is missing"} {
		require.Contains(t, all, want)
	}
	require.Len(t, problems.Problems, 8)
}

// Whatever a statement or a report names, New says that it is missing.
func TestNewNamesWhatIsMissing(t *testing.T) {
	s := open(t)
	found, err := s.pool.Query(t.Context(), `select c.relname::text, null, case c.relkind when 'r' then 'table' when 'v' then 'view' else 'type' end from pg_class c
			where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'v', 'c')
		union all select c.relname::text, a.attname::text, 'column' from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
			where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attname not in ('number', 'name', 'applied')`)
	require.NoError(t, err)
	var name, kind string
	var column *string
	var renames, wants []string
	_, err = pgx.ForEachRow(found, []any{&name, &column, &kind}, func() error {
		switch {
		case name == "cdm_migration" && kind == "table": // then there are no tables
		case (name == "cdm_conversation_row" || name == "cdm_session_row" || name == "cdm_delivery_row") && kind == "type": // of programs of the version before
		case column != nil:
			renames = append(renames, fmt.Sprintf("alter table %s rename column %[2]s to x; alter table %[1]s rename column x to %[2]s", name, *column))
			wants = append(wants, "the column "+name+"."+*column+" is missing")
		default:
			renames = append(renames, fmt.Sprintf("alter %s %s rename to x; alter %[1]s x rename to %[2]s", kind, name))
			wants = append(wants, "the "+kind+" "+s.schema+"."+name+" is missing")
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(renames), 150)
	for i, rename := range renames {
		there, back, _ := strings.Cut(rename, "; ")
		_, err := s.pool.Exec(t.Context(), there)
		require.NoError(t, err)
		_, err = pgstore.New(t.Context(), s.pool, nil)
		var problems *pgstore.SchemaError
		require.ErrorAs(t, err, &problems, rename)
		require.Equal(t, []string{wants[i]}, problems.Problems)
		_, err = s.pool.Exec(t.Context(), back)
		require.NoError(t, err)
	}
}

// below are the tables of what belongs to a conversation; everywhere stores a row in each.
var below = []string{"participant", "session", "segment", "metric", "transfer", "survey", "evaluation", "event", "delivery"}

// rowsBelow counts what belongs to conversations.
func rowsBelow(t *testing.T, s opened) (n int) {
	t.Helper()
	for _, table := range below {
		var of int
		require.NoError(t, s.pool.QueryRow(t.Context(), "select count(*) from cdm_"+table).Scan(&of))
		n += of
	}
	return n
}

func TestWhatBelongsToAConversationGoesWithIt(t *testing.T) {
	s := open(t)
	left := func() int { return rowsBelow(t, s) }
	fill := func() {
		_, err := s.pool.Exec(t.Context(), "delete from cdm_forgotten") // what is deleted stays so
		require.NoError(t, err)
		everywhere(t, s, "a")
		everywhere(t, s, "b")
		require.Equal(t, 2*len(below), left())
	}
	elsewhere := cluster.Pool(t, "pg_catalog") // the search_path of who deletes does not matter
	table := pgx.Identifier{s.schema, "cdm_conversation"}.Sanitize()
	fill()
	_, err := elsewhere.Exec(t.Context(), "delete from "+table+" where conversation_id = 'a'")
	require.NoError(t, err)
	require.Equal(t, len(below), left())
	_, err = elsewhere.Exec(t.Context(), "truncate "+table)
	require.NoError(t, err)
	require.Zero(t, left())
	fill()
	_, err = s.pool.Exec(t.Context(), "truncate cdm_event, cdm_conversation, cdm_delivery cascade")
	require.NoError(t, err)
	require.Zero(t, left())
	role := rowsOnly(t, s.schema)
	fill()
	require.NoError(t, as(t, role, "delete from "+table), "a role that may only read and write rows")
	require.Zero(t, left())
	fill()
	cluster.Exec(t, "grant truncate on all tables in schema "+s.schema+" to "+role)
	require.NoError(t, as(t, role, "truncate "+table+" cascade"))
	require.Zero(t, left())
	fill()
	cluster.Exec(t, "revoke delete on "+s.schema+".cdm_event from "+role)
	require.ErrorContains(t, as(t, role, "delete from "+table), "permission denied for table cdm_event")
	require.Equal(t, 2*len(below), left(), "who may not delete what goes with a conversation deletes nothing")
	renamed := s.schema + "_renamed"
	cluster.Exec(t, "alter schema "+s.schema+" rename to "+renamed)
	_, err = elsewhere.Exec(t.Context(), "delete from "+renamed+".cdm_conversation")
	cluster.Exec(t, "alter schema "+renamed+" rename to "+s.schema)
	require.NoError(t, err)
	require.Zero(t, left())
}

// A program of the version before deletes sessions, and leaves their segments to the server.
func TestSegmentsAndMetricsGoWithTheirSession(t *testing.T) {
	s := open(t)
	everywhere(t, s, "a")
	everywhere(t, s, "b")
	elsewhere := cluster.Pool(t, "pg_catalog")
	table := pgx.Identifier{s.schema, "cdm_session"}.Sanitize()
	_, err := elsewhere.Exec(t.Context(), "delete from "+table+" where conversation_id = 'a'")
	require.NoError(t, err)
	require.Equal(t, 2*len(below)-3, rowsBelow(t, s))
	require.Contains(t, tablesWith(t, s, "b"), "cdm_segment")
	_, err = elsewhere.Exec(t.Context(), "truncate "+table)
	require.NoError(t, err)
	require.Equal(t, 2*(len(below)-3), rowsBelow(t, s))
	cluster.Exec(t, "create table "+s.schema+".cdm_other (conversation_id text, session_id text)", "create trigger x after delete on "+s.schema+`.cdm_other
		referencing old table as gone for each statement execute function `+s.schema+".cdm_forget_session()")
	_, err = elsewhere.Exec(t.Context(), "delete from "+s.schema+".cdm_other")
	require.ErrorContains(t, err, "cdm_forget_session is only for cdm_session")
}

// The snapshot of such a transaction may be older than what a table has held that it
// truncates, and what is deleted below it is what the snapshot shows.
func TestTablesAreTruncatedAtReadCommittedAlone(t *testing.T) {
	s := open(t)
	everywhere(t, s, "a")
	for _, level := range []string{"repeatable read", "serializable"} {
		for _, table := range []string{"cdm_conversation", "cdm_session"} {
			_, err := s.pool.Exec(t.Context(), "begin isolation level "+level+"; truncate "+table+"; commit", pgx.QueryExecModeSimpleProtocol)
			require.ErrorContains(t, err, "at the isolation level read committed")
		}
	}
	require.Equal(t, len(below), rowsBelow(t, s))
}

func TestAStoreWithoutTheTriggersThatDeleteDoesNotOpen(t *testing.T) {
	s := open(t)
	for _, trigger := range []string{"cdm_conversation_deleted on cdm_conversation", "cdm_session_deleted on cdm_session"} {
		name, table, _ := strings.Cut(trigger, " on ")
		cluster.Exec(t, "alter table "+s.schema+"."+table+" disable trigger "+name)
		_, err := pgstore.New(t.Context(), s.pool, nil)
		require.ErrorContains(t, err, "the trigger "+name+" is missing, or disabled")
		cluster.Exec(t, "alter table "+s.schema+"."+table+" enable trigger "+name)
	}
	files, err := pgstore.Migrations(&pgstore.Config{Schema: s.schema})
	require.NoError(t, err)
	old, err := fs.ReadFile(files, "0010_forgotten.sql")
	require.NoError(t, err)
	_, function, _ := strings.Cut(string(old), "create or replace function")
	function, _, _ = strings.Cut(function, "insert into cdm_migration")
	_, err = s.pool.Exec(t.Context(), "create or replace function"+function)
	require.NoError(t, err)
	_, err = pgstore.New(t.Context(), s.pool, nil)
	const anew = "apply 0018_foreign_keys.sql of pgstore.Migrations again, without its last statement"
	require.ErrorContains(t, err, "is that of an earlier migration")
	require.ErrorContains(t, err, anew)

	_, err = s.pool.Exec(t.Context(), "drop trigger cdm_session_truncated on cdm_session")
	require.NoError(t, err)
	_, err = pgstore.New(t.Context(), s.pool, nil)
	require.ErrorContains(t, err, anew)
	last, err := fs.ReadFile(files, "0018_foreign_keys.sql")
	require.NoError(t, err)
	statements, _, _ := strings.Cut(string(last), "insert into cdm_migration")
	_, err = s.pool.Exec(t.Context(), statements)
	require.NoError(t, err)
	again := openIn(t, s.schema)
	require.NoError(t, again.Validate(t.Context()))
	everywhere(t, again, "a")
	_, err = s.pool.Exec(t.Context(), "delete from cdm_conversation")
	require.NoError(t, err)
	require.Zero(t, rowsBelow(t, again))
}

func TestAMigrationThatLosesADeadlockIsTriedAgain(t *testing.T) {
	schema := cluster.Schema(t)
	installOld(t, schema, "postgres")
	patient := cluster.Pool(t, schema, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["deadlock_timeout"] = "10min" })
	reader, err := patient.Begin(t.Context())
	require.NoError(t, err)
	_, err = reader.Exec(t.Context(), "select from cdm_session")
	require.NoError(t, err)
	migrated := make(chan error, 1)
	hasty := cluster.Pool(t, schema, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["deadlock_timeout"] = "5s" })
	go func() {
		s, err := pgstore.New(context.WithoutCancel(t.Context()), hasty, nil)
		if err == nil {
			err = s.Close()
		}
		migrated <- err
	}()
	require.Eventually(t, func() bool {
		var waits bool
		err := patient.QueryRow(t.Context(), `select exists (select from pg_locks l join pg_class c on c.oid = l.relation
			where not l.granted and l.mode = 'AccessExclusiveLock' and c.relnamespace = $1::text::regnamespace)`, schema).Scan(&waits)
		return err == nil && waits
	}, time.Minute, time.Millisecond)
	_, err = reader.Exec(t.Context(), "select from cdm_conversation")
	require.NoError(t, err, "the migration is the one that the server ends")
	require.NoError(t, reader.Rollback(t.Context()))
	require.NoError(t, <-migrated)
}

// foreignKeys are those of the tables of a schema.
func foreignKeys(t *testing.T, s opened) []string {
	t.Helper()
	found, err := s.pool.Query(t.Context(), "select conname::text from pg_constraint where contype = 'f' and connamespace = $1::text::regnamespace", s.schema)
	require.NoError(t, err)
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}

func TestAMigrationTakesTheForeignKeysOfTheStoreAndNoOthers(t *testing.T) {
	schema := cluster.Schema(t)
	installOld(t, schema, "postgres")
	cluster.Exec(t, "create table "+schema+".host (conversation_id text constraint of_the_host references "+schema+".cdm_conversation on delete cascade)")
	before := opened{pool: cluster.Pool(t, schema), schema: schema}
	require.Len(t, foreignKeys(t, before), 8)
	s := openIn(t, schema)
	require.Equal(t, []string{"of_the_host"}, foreignKeys(t, s))
	require.NoError(t, s.Validate(t.Context()))

	long := &pgstore.Config{Prefix: strings.Repeat("p", 31)}
	named := opened{pool: cluster.Pool(t, cluster.Schema(t))}
	require.NoError(t, named.pool.QueryRow(t.Context(), "select current_schema()::text").Scan(&named.schema))
	_, err := pgstore.New(t.Context(), named.pool, long)
	require.NoError(t, err)
	require.Empty(t, foreignKeys(t, named))
}

func TestEverythingThatAReportWriterSeesHasAComment(t *testing.T) {
	s := open(t)
	found, err := s.pool.Query(t.Context(), `select c.relname || coalesce('.' || a.attname, '') from pg_class c
		left join lateral (select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 union all select null, 0) a on true
		where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'v') and col_description(c.oid, a.attnum) is null
			and (a.attnum > 0 or obj_description(c.oid, 'pg_class') is null)`)
	require.NoError(t, err)
	silent, err := pgx.CollectRows(found, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, silent)
}

func TestARoleThatMayOnlyReadAndWriteRowsIsEnough(t *testing.T) {
	schema := cluster.Schema(t)
	openIn(t, schema)
	role := rowsOnly(t, schema)
	for _, skip := range []bool{false, true} {
		pool := cluster.Pool(t, schema, sessionAs(role))
		s, err := pgstore.New(t.Context(), pool, &pgstore.Config{SkipMigrations: skip})
		require.NoError(t, err)
		require.NoError(t, s.Validate(t.Context()))
		if skip {
			workThrough(t, opened{s, pool, schema})
			_, err = pool.Exec(t.Context(), "create table "+schema+".x ()")
			require.Error(t, err, "the role may do more than the test says")
		}
	}
	cluster.Exec(t, "revoke insert on "+schema+".cdm_session from "+role)
	s, err := pgstore.New(t.Context(), cluster.Pool(t, schema, sessionAs(role)), nil)
	require.NoError(t, err)
	require.ErrorContains(t, s.Validate(t.Context()), "may not insert in the table cdm_session")
}
