package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Validate compares the tables with what this version needs. The error is a
// [SchemaError] that says in sentences what is missing, different or newer, and
// what the role may not do.
func (s *Store) Validate(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	v := &validation{database: s.database}
	return v.all(ctx, v.migrations, v.columns, v.views, v.rowTypes, v.indexes, v.triggers, v.privileges, v.untrusted)
}

// complete returns a [SchemaError] when something is missing that statements
// or reports name, or that deletes what belongs to a conversation.
func (db *database) complete(ctx context.Context) error {
	v := &validation{database: db}
	if err := v.all(ctx, v.columns, v.views, v.rowTypes); err != nil {
		return err
	}
	return v.all(ctx, v.triggers) // those of a table that is missing are, too
}

// all makes all checks.
func (v *validation) all(ctx context.Context, checks ...func(context.Context) error) error {
	for _, check := range checks {
		if err := check(ctx); err != nil {
			return fmt.Errorf("pgstore: validate: %w", err)
		}
	}
	if len(v.problems) > 0 {
		return &SchemaError{v.problems}
	}
	return nil
}

type validation struct {
	*database
	problems []string
}

func (v *validation) say(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

func (v *validation) migrations(ctx context.Context) error {
	all, err := readMigrations(&v.config)
	if err != nil {
		return err
	}
	applied, err := v.applied(ctx, v.pool)
	if code(err) == insufficientPrivilege {
		return nil // privileges says it
	}
	switch {
	case err != nil:
		return err
	case applied > len(all):
		v.say("migration %d is applied, this version knows %d: a newer version was here", applied, len(all))
	case applied < len(all):
		v.say("migration %s is not applied", all[applied].name)
	}
	return nil
}

// expected are the columns of a table with their types.
type expected map[string]string

// tables are the columns that statements name.
func (v *validation) tables() map[string]expected {
	kinds := map[uint32]string{oidText: "text", oidBool: "boolean", oidInt8: "bigint", oidFloat8: "double precision", oidTimestamptz: "timestamp with time zone",
		oidJSON: "json", oidJSONB: "jsonb", oidBytea: "bytea", oidTexts: "text[]"}
	of := func(columns ...rows.Column) expected {
		x := expected{}
		for _, c := range columns {
			x[c.Name] = kinds[columnOID(c)]
		}
		return x
	}
	tables := map[string]expected{
		"event": of(rows.Event.Table().Columns...), "value": of(rows.Named.Table().Columns...), "migration": of(rows.Migration.Table().Columns...),
		"inbox": of(rows.Inbox.Table().Columns...), "forgotten": of(rows.Forgotten.Table().Columns...),
		"delivery": of(column("conversation_id", rows.Text), column("hook", rows.Text), column("seq", rows.Integer), column("event_id", rows.Text),
			column("state", rows.Text), column("blocked", rows.Bool), column("due", rows.Time), column("owner", rows.Text), column("attempts", rows.Integer),
			column("type", rows.Text), column("error", rows.Text), column("stack", rows.Text), column("failed_at", rows.Time), column("trace", rows.Text)),
	}
	for e := range rows.Evaluation + 1 {
		table := e.Table()
		tables[table.Name] = of(table.Columns...)
	}
	tables["conversation"]["changed_slot"] = "timestamp with time zone"
	return tables
}

func (v *validation) columns(ctx context.Context) error {
	tables := v.tables()
	found, err := v.pool.Query(ctx, `select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) from pg_catalog.pg_attribute a
		join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where n.nspname = $1::text and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`, v.mode(), v.config.Schema)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	var table, column, is string
	_, err = pgx.ForEachRow(found, []any{&table, &column, &is}, func() error {
		name, ours := strings.CutPrefix(table, v.config.Prefix)
		if must, needed := tables[name][column]; ours && needed && must != is {
			v.say("the column %s.%s is of the type %s, and must be %s", table, column, is, must)
		}
		known[name] = known[name] || ours
		delete(tables[name], column)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range sorted(tables) {
		if !known[name] {
			v.say("the table %s.%s%s is missing", v.config.Schema, v.config.Prefix, name)
			continue
		}
		for _, column := range sorted(tables[name]) {
			v.say("the column %s%s.%s is missing", v.config.Prefix, name, column)
		}
	}
	return nil
}

// rowTypes for the rows of statements.
func (v *validation) rowTypes(ctx context.Context) error {
	err := newRowTypes().find(ctx, v.pool, v.mode(), &v.config)
	var missing *SchemaError
	if errors.As(err, &missing) {
		v.problems = append(v.problems, missing.Problems...)
		return nil
	}
	return err
}

// views for reports.
func (v *validation) views(ctx context.Context) error {
	names, err := v.names(ctx, `select c.relname::text from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1::text and c.relkind in ('v', 'm')`)
	if err != nil {
		return err
	}
	for _, name := range v.viewNames() {
		if !slices.Contains(names, name) {
			v.say("the view %s.%s is missing", v.config.Schema, name)
		}
	}
	return nil
}

// names asks for names of things in the schema.
func (v *validation) names(ctx context.Context, sql string) ([]string, error) {
	found, err := v.pool.Query(ctx, sql, v.mode(), v.config.Schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// indexes are those that reads rely on, beside the primary keys.
var indexes = []string{"conversation_start", "conversation_changed", "conversation_end", "conversation_open", "conversation_due", "conversation_refused",
	"conversation_attributes", "conversation_customer", "participant_user", "participant_queue", "session_queue", "delivery_event", "delivery_waiting", "delivery_claimed", "delivery_parked", "inbox_owner", "forgotten_at", "conversation_vetoed"}

func (v *validation) indexes(ctx context.Context) error {
	names, err := v.names(ctx, `select c.relname::text from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1::text and i.indisvalid`)
	if err != nil {
		return err
	}
	for _, name := range indexes {
		if !slices.Contains(names, v.config.Prefix+name) {
			v.say("the index %s%s is missing, or not valid: reads will be slow", v.config.Prefix, name)
		}
	}
	return nil
}

// triggers on the tables of conversations and sessions: they delete what belongs to them.
func (v *validation) triggers(ctx context.Context) error {
	found, err := v.pool.Query(ctx, `select t.tgname::text, f.prosecdef, f.prosrc from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
		join pg_catalog.pg_proc f on f.oid = t.tgfoid
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where n.nspname = $1::text and c.relname::text in ($2::text, $3::text) and t.tgenabled <> 'D'`,
		v.mode(), v.config.Schema, v.config.Prefix+"conversation", v.config.Prefix+"session")
	if err != nil {
		return err
	}
	type function struct {
		definer bool
		body    string
	}
	of := map[string]function{}
	var name string
	var f function
	if _, err = pgx.ForEachRow(found, []any{&name, &f.definer, &f.body}, func() error {
		of[name] = f
		return nil
	}); err != nil {
		return err
	}
	const anew = "to have them as they must be, apply 0018_foreign_keys.sql of pgstore.Migrations again, without its last statement"
	for _, trigger := range []struct{ name, deletes, stays string }{
		{"conversation_deleted", "participant", "what belongs to a conversation will stay when that is deleted"},
		{"conversation_truncated", "participant", "what belongs to conversations will stay when their table is truncated"},
		{"session_deleted", "segment", "segments and metrics will stay when their session is deleted"},
		{"session_truncated", "segment", "segments and metrics will stay when the table of sessions is truncated"},
	} {
		name := v.config.Prefix + trigger.name
		switch f, is := of[name]; {
		case !is:
			v.say("the trigger %s is missing, or disabled: %s; enable it, or %s", name, trigger.stays, anew)
		case f.definer:
			v.say("the function of the trigger %s has the rights of its owner: it must be security invoker", name)
		case !strings.Contains(f.body, v.config.Prefix+trigger.deletes):
			v.say("the function of the trigger %s is that of an earlier migration: %s; %s", name, trigger.stays, anew)
		}
	}
	return nil
}

// privileges of the role on what there is.
func (v *validation) privileges(ctx context.Context) error {
	found, err := v.pool.Query(ctx, `select current_user::text, c.relname::text, p.name from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		cross join (values ('select'), ('insert'), ('update'), ('delete')) as p(name)
		where n.nspname = $1::text and c.relkind in ('r', 'p') and c.relname::text = any ($2::text[])
			and not has_table_privilege(c.oid, p.name)
			and (p.name = 'select' or c.relname::text <> $3::text)
			and (p.name <> 'delete' or c.relname::text not in ($3::text, $4::text))
		order by c.relname, p.name desc`,
		v.mode(), v.config.Schema, v.tableNames(), v.config.Prefix+"migration", v.config.Prefix+"value")
	if err != nil {
		return err
	}
	var role, table, privilege string
	_, err = pgx.ForEachRow(found, []any{&role, &table, &privilege}, func() error {
		v.say("the role %s may not %s in the table %s", role, privilege, table)
		return nil
	})
	return err
}

// untrusted are those who can put objects of theirs where ours are, and code
// that is in ours and not PostgreSQL's own.
func (v *validation) untrusted(ctx context.Context) error {
	var open bool
	if err := v.pool.QueryRow(ctx, `select exists (select from pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
		where n.nspname = $1::text and a.grantee = 0::oid and a.privilege_type = 'CREATE')`, v.mode(), v.config.Schema).Scan(&open); err != nil {
		return err
	}
	if open {
		v.say("everybody may create objects in the schema %s: revoke create on schema %[1]s from public", v.config.Schema)
	}
	const firstOfOthers = 16384 // object ids below are of initdb
	found, err := v.pool.Query(ctx, `select distinct c.relname::text, pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) from pg_catalog.pg_depend d
		left join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
		left join pg_catalog.pg_attrdef a on d.classid = 'pg_catalog.pg_attrdef'::regclass and a.oid = d.objid
		left join pg_catalog.pg_constraint k on d.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = d.objid
		join pg_catalog.pg_class c on c.oid = coalesce(r.ev_class, a.adrelid, k.conrelid, case when d.classid = 'pg_catalog.pg_class'::regclass then d.objid end)
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where d.refclassid in ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass) and d.refobjid::bigint >= $3::bigint
			and n.nspname = $1::text and c.relname::text = any ($2::text[])`, v.mode(), v.config.Schema, append(v.tableNames(), v.viewNames()...), firstOfOthers)
	if err != nil {
		return err
	}
	var relation, object string
	_, err = pgx.ForEachRow(found, []any{&relation, &object}, func() error {
		v.say("%s uses the %s, which is not PostgreSQL's own", relation, object)
		return nil
	})
	return err
}

// reports are the views; no program reads them.
var reports = []string{"report_agent_time", "report_customer", "report_email_agents", "report_open_conversations", "report_failed"}

func (v *validation) viewNames() []string {
	var names []string
	for _, name := range reports {
		names = append(names, v.config.Prefix+name)
	}
	return names
}

func (v *validation) tableNames() []string {
	var names []string
	for _, name := range sorted(v.tables()) {
		names = append(names, v.config.Prefix+name)
	}
	return names
}
