-- Tombstones of conversations that were forgotten, whoever deleted them: what is
-- heard of them later is dropped. The digest is half of the SHA-256 of the id,
-- in hexadecimal; nothing else is left of them.

create table cdm_forgotten (
  digest text collate "C" not null,
  forgotten_at timestamptz not null,
  primary key (digest)
);

create index cdm_forgotten_at on cdm_forgotten (forgotten_at);
create index cdm_conversation_vetoed on cdm_conversation (changed_slot) where vetoed is not null;

comment on table cdm_forgotten is 'Tombstones of conversations that were forgotten: what is heard of them later is dropped.';
comment on column cdm_forgotten.digest is 'Half of the SHA-256 of the conversation''s id, in hexadecimal.';
comment on column cdm_forgotten.forgotten_at is 'When it was forgotten.';

-- Who may write deliveries writes tombstones too.
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
    execute 'grant ' || held.privilege_type || ' on cdm_forgotten to ' || held.grantee || case when held.is_grantable then ' with grant option' else '' end;
  end loop;
end $$;

-- As before, but a conversation that is deleted is forgotten: not a row of
-- version 0, which only holds the place of one whose hooks run. A truncated
-- table leaves no tombstones, and those that there are stay.
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
  if tg_op = 'DELETE' then
    execute format('insert into %I.cdm_forgotten (digest, forgotten_at)
      select left(encode(sha256(convert_to(conversation_id, ''UTF8''::name)), ''hex''::text), 32), statement_timestamp()
      from gone where version > 0 order by 1 on conflict (digest) do nothing', tg_table_schema);
  end if;
  return null;
end $$;

insert into cdm_migration (number, name) values (10, '0010_forgotten');
