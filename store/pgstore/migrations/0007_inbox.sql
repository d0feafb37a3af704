-- The inbox: what processes hear of conversations that others look after. An
-- entry may be there before its conversation is, so there is no foreign key.
-- Rows come and go all the time, and mostly there are none.

create table cdm_inbox (
  heard_at timestamptz not null,
  conversation_id text collate "C" not null,
  key text collate "C" not null,
  owner text collate "C" not null,
  data bytea not null,
  primary key (conversation_id, key)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.02);

-- Rows live for milliseconds: to compress them costs more than to write them.
alter table cdm_inbox alter column data set storage external;

create index cdm_inbox_owner on cdm_inbox (owner, heard_at);

create type cdm_inbox_row as (
  conversation_id text,
  key text,
  owner text,
  heard_at timestamptz,
  data bytea
);

comment on table cdm_inbox is 'What processes have heard of conversations that another one looks after, and hints. A row is deleted when its owner has used it.';
comment on column cdm_inbox.heard_at is 'When it was heard.';
comment on column cdm_inbox.conversation_id is 'The conversation, which may not be stored yet; empty where the row is of several ones.';
comment on column cdm_inbox.key is 'Tells it from the other entries of the conversation; the latest one of a key is kept.';
comment on column cdm_inbox.owner is 'The process that is to use it.';
comment on column cdm_inbox.data is 'What was heard, packed.';

-- Who may write deliveries writes entries too.
do $$
declare
  held record;
begin
  for held in
    select case when a.grantee = 0::oid then 'public'::text else quote_ident(r.rolname::text) end as grantee, a.privilege_type, a.is_grantable
    from pg_class c
    cross join lateral aclexplode(c.relacl) a
    left join pg_roles r on r.oid = a.grantee
    where c.oid = 'cdm_delivery'::regclass and a.grantee <> c.relowner
      and a.privilege_type in ('SELECT'::text, 'INSERT'::text, 'UPDATE'::text, 'DELETE'::text)
  loop
    execute 'grant ' || held.privilege_type || ' on cdm_inbox to ' || held.grantee || case when held.is_grantable then ' with grant option' else '' end;
  end loop;
end $$;

-- As before, but entries go with their conversation too: not with a row of
-- version 0, which only holds the place of a conversation whose hooks run.
create or replace function cdm_forget() returns trigger language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
declare
  which text := case when tg_op = 'DELETE' then ' where conversation_id in (select conversation_id from gone)' else '' end;
begin
  if not exists (
    select from pg_trigger t join pg_proc f on f.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid
    where t.tgrelid = tg_relid and t.tgname = tg_name and c.relname = 'cdm_conversation'::name and c.relnamespace = f.pronamespace
  ) then
    raise exception 'cdm_forget is only for cdm_conversation in its own schema' using errcode = 'insufficient_privilege';
  end if;
  execute format('delete from %I.cdm_delivery', tg_table_schema) || which;
  execute format('delete from %I.cdm_event', tg_table_schema) || which;
  if tg_op = 'DELETE' then
    which := ' where conversation_id in (select conversation_id from gone where version > 0)';
  end if;
  execute format('delete from %I.cdm_inbox', tg_table_schema) || which;
  return null;
end $$;

insert into cdm_migration (number, name) values (7, '0007_inbox');
