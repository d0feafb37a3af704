package pgstore_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// schemas are migrated ones, which tests use one after the other: to migrate an
// empty one takes longer than most rules of the contract.
type schemas struct {
	owner   testing.TB          // when it ends, they are dropped
	prepare func(schema string) // or nil

	mu   sync.Mutex
	free []string
}

// newSchemas prepares each schema once, when it has been migrated; prepare may
// be nil.
func newSchemas(owner testing.TB, prepare func(schema string)) *schemas {
	return &schemas{owner: owner, prepare: prepare}
}

// take returns an empty schema. It is free again when the test has ended and
// its stores are closed; that of a test that failed stays as it is.
func (s *schemas) take(t testing.TB) string {
	t.Helper()
	schema := s.next()
	if schema == "" {
		schema = cluster.Schema(s.owner)
		require.NoError(t, openIn(t, schema).Close())
		if s.prepare != nil {
			s.prepare(schema)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		requireNoOrphans(t, schema)
		empty(t, schema)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free = append(s.free, schema)
	})
	return schema
}

func (s *schemas) next() (schema string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		schema, s.free = s.free[last], s.free[:last]
	}
	return schema
}

// empty leaves of a schema what the migrations made.
func empty(t testing.TB, schema string) {
	t.Helper()
	cluster.Exec(t, "drop table if exists "+schema+".host", `do $$ declare x text; begin
		for x in select tablename from pg_tables where schemaname = '`+schema+`' and tablename <> 'cdm_migration' order by tablename = 'cdm_forgotten' loop
			execute format('delete from %I.%I', '`+schema+`', x);
		end loop;
	end $$`)
}

// requireNoOrphans looks for rows without the conversation or session that they
// belong to.
func requireNoOrphans(t testing.TB, schema string) {
	t.Helper()
	check := ""
	for _, table := range below {
		check += `
		if exists (select from ` + schema + `.cdm_` + table + ` x where not exists (select from ` + schema + `.cdm_conversation c where c.conversation_id = x.conversation_id)) then
			raise 'there is a ` + table + ` without its conversation';
		end if;`
	}
	for _, table := range []string{"segment", "metric"} {
		check += `
		if exists (select from ` + schema + `.cdm_` + table + ` x where not exists (select from ` + schema + `.cdm_session s
			where s.conversation_id = x.conversation_id and s.session_id = x.session_id)) then
			raise 'there is a ` + table + ` without its session';
		end if;`
	}
	cluster.Exec(t, "do $$ begin"+check+" end $$")
}
