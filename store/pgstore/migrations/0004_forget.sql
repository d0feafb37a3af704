-- The log and the deliveries are written in the transaction that writes their
-- conversation, and for each row a foreign key would look for it once more:
-- that is a tenth of the work of a commit. They go with their conversation all
-- the same.
--
-- The function has no rights of its own: who deletes a conversation must be
-- allowed to delete its events and deliveries too. It used to have those of its
-- owner, and whoever could fire it on a table of their own could use them.
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
  return null;
end $$;

revoke all on function cdm_forget() from public;

create or replace trigger cdm_conversation_deleted after delete on cdm_conversation
  referencing old table as gone for each statement execute function cdm_forget();
create or replace trigger cdm_conversation_truncated after truncate on cdm_conversation
  for each statement execute function cdm_forget();

-- A view shows what its owner may read. With a barrier it shows no more than
-- its own rows, whatever functions a query calls on them.
alter view if exists cdm_report_agent_time set (security_barrier = true);
alter view if exists cdm_report_email_agents set (security_barrier = true);
alter view if exists cdm_report_open_conversations set (security_barrier = true);
alter view if exists cdm_report_parked set (security_barrier = true);

insert into cdm_migration (number, name) values (4, '0004_forget');
