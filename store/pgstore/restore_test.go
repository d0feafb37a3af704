package pgstore_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/pgstore"
)

// A restore makes everything anew, under other ids, while a tracker runs.
func TestARestoreUnderARunningStoreIsNoticed(t *testing.T) {
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(m.String(), func(t *testing.T) {
			s := open(t, mode(m))
			for range 3 {
				workThrough(t, s)
				_, err := s.pool.Exec(t.Context(), "drop schema "+s.schema+" cascade", pgx.QueryExecModeExec)
				require.NoError(t, err)
				require.Error(t, commitOne(t, s), "there is nothing")
				_, err = s.pool.Exec(t.Context(), "create schema "+s.schema, pgx.QueryExecModeExec)
				require.NoError(t, err)
				_, err = pgstore.New(t.Context(), cluster.Pool(t, s.schema), nil)
				require.NoError(t, err)
			}
			workThrough(t, s)
		})
	}
}

// Also the types alone.
func TestTypesThatAreMadeAnewAreNoticed(t *testing.T) {
	s := open(t)
	workThrough(t, s)
	inSchema(t, s.schema, `do $$ declare x text; columns text; begin
		for x, columns in select c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
			from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
			where c.relnamespace = 'S'::regnamespace and c.relkind = 'c' group by c.relname
		loop
			execute format('drop type S.%I', x);
			execute format('create type S.%I as (%s)', x, columns);
		end loop;
		delete from S.cdm_conversation;
		delete from S.cdm_forgotten;
		delete from S.cdm_value;
	end $$`)
	workThrough(t, s)
}

func commitOne(t *testing.T, s opened) error {
	t.Helper()
	r := newReference(1000)
	return updateAll(t.Context(), s, []*reference{r})
}
