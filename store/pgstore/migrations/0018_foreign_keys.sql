-- What belongs to a conversation is written in the transaction that has the row of the
-- conversation, and is deleted in the statement that deletes that row. So it has no
-- foreign keys: for each row the server would look for the conversation, or the session,
-- once more, and lock its row. That is a seventh of the server's work in a commit. The
-- triggers delete it, as they did events and deliveries.

lock table cdm_conversation, cdm_participant, cdm_session, cdm_segment, cdm_metric, cdm_transfer, cdm_survey, cdm_evaluation in access exclusive mode;

do $$
declare
  key record;
begin
  -- What they are called depends on the prefix and on the server.
  for key in
    select c.conrelid::regclass::text as below, quote_ident(c.conname::text) as name from pg_constraint c
    where c.contype = 'f'::"char" and c.confrelid in ('cdm_conversation'::regclass::oid, 'cdm_session'::regclass::oid)
      and c.conrelid in ('cdm_participant'::regclass::oid, 'cdm_session'::regclass::oid, 'cdm_segment'::regclass::oid, 'cdm_metric'::regclass::oid,
        'cdm_transfer'::regclass::oid, 'cdm_survey'::regclass::oid, 'cdm_evaluation'::regclass::oid)
  loop
    execute 'alter table ' || key.below || ' drop constraint ' || key.name;
  end loop;
end $$;

create or replace function cdm_forget() returns trigger language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
  which text := case when tg_op = 'DELETE' then ' where conversation_id in (select conversation_id from gone)' else '' end;
  below text;
begin
  if not exists (
    select from pg_trigger t join pg_proc f on f.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid
    where t.tgrelid = tg_relid and t.tgname = tg_name and c.relname = 'cdm_conversation'::name and c.relnamespace = f.pronamespace
  ) then
    raise exception 'cdm_forget is only for cdm_conversation in its own schema' using errcode = 'insufficient_privilege';
  end if;
  -- The snapshot of such a transaction may be older than what the table has held.
  if tg_op = 'TRUNCATE' and current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'truncate %.% at the isolation level read committed: at others, rows of what belongs to it would stay', tg_table_schema, tg_table_name
      using errcode = 'feature_not_supported';
  end if;
  -- Segments and metrics come first, at one look for each conversation instead of each session.
  foreach below in array array['cdm_delivery'::text, 'cdm_event', 'cdm_segment', 'cdm_metric', 'cdm_participant', 'cdm_session', 'cdm_transfer', 'cdm_survey', 'cdm_evaluation'] loop
    execute format('delete from %I.%I', tg_table_schema, below) || which;
  end loop;
  if tg_op = 'DELETE' then
    which := ' where conversation_id in (select conversation_id from gone where version > 0)';
  end if;
  execute format('delete from %I.cdm_inbox', tg_table_schema) || which;
  if tg_op = 'DELETE' then
    execute format('insert into %I.cdm_forgotten (digest, forgotten_at)
      select left(encode(sha256(convert_to(conversation_id, ''UTF8''::name)), ''hex''::text), 32), statement_timestamp()
      from gone where version > 0 order by 1 on conflict (digest) do nothing', tg_table_schema);
  end if;
  return null;
end $$;

create or replace function cdm_forget_session() returns trigger language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
  which text := case when tg_op = 'DELETE' then ' where (conversation_id, session_id) in (select conversation_id, session_id from gone)' else '' end;
begin
  if not exists (
    select from pg_trigger t join pg_proc f on f.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid
    where t.tgrelid = tg_relid and t.tgname = tg_name and c.relname = 'cdm_session'::name and c.relnamespace = f.pronamespace
  ) then
    raise exception 'cdm_forget_session is only for cdm_session in its own schema' using errcode = 'insufficient_privilege';
  end if;
  -- The snapshot of such a transaction may be older than what the table has held.
  if tg_op = 'TRUNCATE' and current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'truncate %.% at the isolation level read committed: at others, rows of what belongs to it would stay', tg_table_schema, tg_table_name
      using errcode = 'feature_not_supported';
  end if;
  execute format('delete from %I.cdm_segment', tg_table_schema) || which;
  execute format('delete from %I.cdm_metric', tg_table_schema) || which;
  return null;
end $$;

revoke all on function cdm_forget_session() from public;

create or replace trigger cdm_session_deleted after delete on cdm_session
  referencing old table as gone for each statement execute function cdm_forget_session();
create or replace trigger cdm_session_truncated after truncate on cdm_session
  for each statement execute function cdm_forget_session();

insert into cdm_migration (number, name) values (18, '0018_foreign_keys');
