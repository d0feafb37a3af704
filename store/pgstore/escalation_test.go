package pgstore_test

import (
	"embed"
	"io/fs"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store/pgstore"
)

// before0004 are the migrations as they were when cdm_forget had the rights of
// its owner, and everybody could execute it.
//
//go:embed testdata/before_0004/*.sql
var before0004 embed.FS

// installOld makes the tables of the schema as they were before, as the role.
func installOld(t *testing.T, schema, installer string) {
	t.Helper()
	names, err := fs.Glob(before0004, "testdata/before_0004/*.sql")
	require.NoError(t, err)
	require.Len(t, names, 3)
	for _, name := range names {
		text, err := before0004.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, as(t, installer, "set search_path to "+schema+";"+string(text)))
	}
}

// migrateAs opens a store in the schema as the role.
func migrateAs(t *testing.T, schema, installer string) {
	t.Helper()
	_, err := pgstore.New(t.Context(), cluster.Pool(t, schema, sessionAs(installer)), nil)
	require.NoError(t, err)
}

// attack is code that wants to run as the owner of the tables. It is given the
// schema of the tables and a schema of the attacker's own.
type attack struct {
	name, prepare, fire string
}

// The thief notes whose rights it has, and takes what it can with them.
const thief = `
create function MINE.steal() returns trigger language plpgsql as $$ begin
  insert into MINE.loot values (current_user);
  begin execute 'alter role ATTACKER superuser'; exception when others then null; end;
  begin execute 'grant all on all tables in schema CONV to ATTACKER'; exception when others then null; end;
  return old;
end $$;
create table MINE.loot (who text); grant all on MINE.loot to public; grant usage on schema MINE to public;`

var attacks = []attack{
	{"tables of the same names in a schema of the attacker's own", thief + `
create table MINE.cdm_delivery (conversation_id text); create table MINE.cdm_event (conversation_id text); create table MINE.bait (conversation_id text);
grant all on MINE.cdm_delivery, MINE.cdm_event to public;
insert into MINE.cdm_delivery values ('z'); insert into MINE.bait values ('z');
create trigger t before delete on MINE.cdm_delivery for each row execute function MINE.steal();
create trigger b after delete on MINE.bait referencing old table as gone for each statement execute function CONV.cdm_forget();`,
		`delete from MINE.bait`},
	{"a table of the name of the conversations'", thief + `
create table MINE.cdm_delivery (conversation_id text); create table MINE.cdm_event (conversation_id text); create table MINE.cdm_conversation (conversation_id text);
grant all on MINE.cdm_delivery, MINE.cdm_event to public;
insert into MINE.cdm_delivery values ('z'); insert into MINE.cdm_conversation values ('z');
create trigger t before delete on MINE.cdm_delivery for each row execute function MINE.steal();
create trigger b after truncate on MINE.cdm_conversation for each statement execute function CONV.cdm_forget();`,
		`truncate MINE.cdm_conversation`},
	{"temporary tables", "", thief + `
create temp table bait (conversation_id text); create temp table cdm_delivery (conversation_id text); create temp table cdm_event (conversation_id text);
grant all on bait, cdm_delivery, cdm_event to public;
insert into cdm_delivery values ('z'); insert into bait values ('z');
create trigger t before delete on cdm_delivery for each row execute function MINE.steal();
create trigger b after delete on bait referencing old table as gone for each statement execute function CONV.cdm_forget();
delete from bait`},
}

func TestNobodyGetsTheRightsOfTheOwnerOfTheTables(t *testing.T) {
	const old, created, migrated = "of before", "of today", "migrated"
	for _, installer := range []string{"superuser", "ordinary owner"} {
		for _, tables := range []string{old, created, migrated} {
			for _, a := range attacks {
				t.Run(installer+"/"+tables+"/"+a.name, func(t *testing.T) {
					schema := cluster.Schema(t)
					owner := "postgres"
					require.NoError(t, cluster.Pool(t, "public").QueryRow(t.Context(), "select current_user::text").Scan(&owner))
					if installer != "superuser" {
						owner = newRole(t, schema+"_owner")
						cluster.Exec(t, "alter schema "+schema+" owner to "+owner)
					}
					attacker, mine := newRole(t, schema+"_attacker"), schema+"_mine"
					cluster.Exec(t, "create schema "+mine+" authorization "+attacker, "grant usage on schema "+schema+" to "+attacker)
					sql := strings.NewReplacer("MINE", mine, "CONV", schema, "ATTACKER", attacker)
					if tables == created {
						migrateAs(t, schema, owner)
					} else {
						installOld(t, schema, owner)
					}
					prepared := as(t, attacker, sql.Replace(a.prepare))
					if tables == migrated { // also what was prepared before is worth nothing afterwards
						require.NoError(t, prepared)
						migrateAs(t, schema, owner)
					}
					fired := as(t, attacker, sql.Replace(a.fire))

					readsAll := asks(t, "has_table_privilege('"+attacker+"', '"+schema+".cdm_conversation', 'select')")
					isSuperuser := asks(t, "rolsuper from pg_roles where rolname = '"+attacker+"'")
					if tables == old { // so the attack is one
						require.NoError(t, prepared)
						require.NoError(t, fired)
						require.True(t, readsAll)
						require.Equal(t, installer == "superuser", isSuperuser)
						return
					}
					require.False(t, readsAll)
					require.False(t, isSuperuser)
					var refused *pgconn.PgError
					if prepared == nil {
						require.ErrorAs(t, fired, &refused)
					} else {
						require.ErrorAs(t, prepared, &refused)
					}
					require.Equal(t, "42501", refused.Code, refused)
				})
			}
		}
	}
}

// What is in the place of a table when the store is opened is not executed.
func TestWhatLiesInThePlaceOfATableIsNotExecuted(t *testing.T) {
	for kind, sql := range map[string]string{
		"a view": `create view S.cdm_migration as select S.stole() as number`,
		"a policy": `create table S.cdm_migration (number bigint); insert into S.cdm_migration values (4); alter table S.cdm_migration enable row level security;
			create policy p on S.cdm_migration using (S.stole() > 0); grant select on S.cdm_migration to public`,
	} {
		t.Run(kind, func(t *testing.T) {
			schema := cluster.Schema(t)
			installer := newRole(t, schema+"_owner")
			cluster.Exec(t, "grant all on schema "+schema+" to "+installer)
			inSchema(t, schema, `create table S.loot (who text); grant all on S.loot to public;
				create function S.stole() returns bigint language sql as $$ insert into S.loot values (current_user); select 4::bigint $$;`+sql)
			_, err := pgstore.New(t.Context(), cluster.Pool(t, schema, sessionAs(installer)), nil)
			require.ErrorContains(t, err, "cdm_migration is not a table, or has row security")
			require.False(t, asks(t, "exists (select from "+schema+".loot)"))
		})
	}
}

// A function that a query calls on the rows of a view sees no others.
func TestAViewShowsOnlyItsRows(t *testing.T) {
	s := open(t)
	for id, status := range map[string]string{"open": "Active", "ended": "Ended"} {
		cluster.Exec(t, "insert into "+s.schema+".cdm_conversation (conversation_id, version, changed, calculated_status, address) values ('"+id+"', 1, now(), '"+status+"', 'of "+id+"')")
	}
	reader := newRole(t, s.schema+"_reader")
	cluster.Exec(t, "grant usage on schema "+s.schema+" to "+reader, "grant select on "+s.schema+".cdm_report_open_conversations to "+reader)
	err := as(t, reader, `create function pg_temp.peep(address text) returns boolean language plpgsql cost 0.0001 as $$ begin
			if address = 'of ended' then raise exception 'seen: %', address; end if;
			return true;
		end $$;
		select from `+s.schema+`.cdm_report_open_conversations where pg_temp.peep(address)`)
	require.NoError(t, err)
	require.Error(t, as(t, reader, "select from "+s.schema+".cdm_conversation"))
}

func TestValidateNamesWhatGivesOthersAWayIn(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Validate(t.Context()))
	inSchema(t, s.schema, `alter function S.cdm_forget() security definer;
		grant create on schema `+s.schema+` to public;
		create function S.spy(text) returns text language sql immutable as 'select $1';
		drop view S.cdm_report_failed;
		create view S.cdm_report_failed as select S.spy('x') as error`)
	err := s.Validate(t.Context())
	for _, want := range []string{"the trigger cdm_conversation_deleted has the rights of its owner", "everybody may create objects in the schema " + s.schema,
		"cdm_report_failed uses the function spy(text)"} {
		require.ErrorContains(t, err, want)
	}
}
