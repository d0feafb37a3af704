package pgstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lure fills a schema with operators and functions that take what PostgreSQL's
// own take by a conversion, so that they are the better match. Each one fails.
const lure = `
grant usage on schema S to public;
create function S.fail() returns void language plpgsql as $$ begin raise exception 'code of somebody else'; end $$;
do $lure$ declare
  types text[] := '{text,bigint,integer,smallint,interval,timestamptz,jsonb,json,boolean,bytea,float8,numeric,text[],name,xid,"char"}';
  l text; r text; o text; f text; result text;
begin
  foreach l in array types loop foreach r in array types loop
    execute format('create function S.taken(%s, %s) returns boolean language plpgsql as $f$ begin perform S.fail(); return true; end $f$', l, r);
    execute format('create function S.worked(%s, %s) returns %1$s language plpgsql as $f$ begin perform S.fail(); return null; end $f$', l, r);
    foreach o in array '{=,<>,<,<=,>,>=,@>}'::text[] loop
      execute format('create operator S.%s (function = S.taken, leftarg = %s, rightarg = %s)', o, l, r);
    end loop;
    foreach o in array '{+,-,*,/,||,->,->>}'::text[] loop
      execute format('create operator S.%s (function = S.worked, leftarg = %s, rightarg = %s)', o, l, r);
    end loop;
    execute format('create function S.date_bin(%s, timestamptz, %s) returns timestamptz immutable language plpgsql as $f$ begin perform S.fail(); return null; end $f$', l, r);
  end loop; end loop;
  foreach l in array types loop
    foreach f in array '{min,max,sum,count,bool_or,unnest,now,format_type,current_setting}'::text[] loop
      execute format('create function S.%s(%s) returns %2$s language plpgsql as $f$ begin perform S.fail(); return null; end $f$', f, l);
    end loop;
    execute format('create function S.array_agg(%s) returns text[] language plpgsql as $f$ begin perform S.fail(); return null; end $f$', l);
    execute format('create function S.set_config(%s, %1$s, boolean) returns text language plpgsql as $f$ begin perform S.fail(); return null; end $f$', l);
  end loop;
end $lure$;`

// lureRows does the same for the types of rows.
const lureRows = `
do $lure$ declare x regtype; begin
  for x in select typarray::regtype from pg_type where typnamespace = 'S'::regnamespace and typtype = 'c' and typname like '%\_row' loop
    execute format('create function S.unnest(%s) returns void language sql as $f$ select S.fail() $f$', x);
  end loop;
end $lure$;`

// In a schema that others may write to, as public is before PostgreSQL 15,
// nothing of theirs is executed: neither by a migration nor by a statement.
func TestWhatOthersMakeInTheSchemaIsNotExecuted(t *testing.T) {
	schema := cluster.Schema(t)
	inSchema(t, schema, lure)
	inSchema(t, schema, `do $$ begin
		perform 1::bigint * interval '1 second';
		raise exception 'PostgreSQL''s own was the better match';
	exception when raise_exception then
		if sqlerrm <> 'code of somebody else' then raise; end if;
	end $$`) // so the lure is one

	s := openIn(t, schema)
	inSchema(t, schema, lureRows)
	workThrough(t, s)
	require.NoError(t, s.Validate(t.Context()))
	for _, view := range []string{"agent_time", "email_agents", "open_conversations", "failed", "customer"} {
		_, err := s.pool.Exec(t.Context(), "select * from cdm_report_"+view)
		require.NoError(t, err)
	}
}

// inSchema runs statements in which S is the schema, with it as search_path.
func inSchema(t testing.TB, schema, sql string) {
	t.Helper()
	sql = strings.NewReplacer("S.", schema+".", " S to ", " "+schema+" to ", "'S'", "'"+schema+"'").Replace(sql)
	cluster.Exec(t, "set search_path to "+schema, sql)
}
