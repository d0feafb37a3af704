-- A refused change is tried again by itself: the report says when.

create or replace view cdm_report_failed with (security_barrier = true) as
select 'delivery' as kind, d.conversation_id, d.hook, d.event_id, e.type, e.time, d.attempts, d.error, d.stack, d.failed_at, d.event_id || ':' || d.hook as id,
  null::timestamptz as next_try
from cdm_delivery d
join cdm_event e on e.conversation_id = d.conversation_id and e.seq = d.seq
where d.state = 'parked'::text
union all
select 'change', c.conversation_id, c.refused_by, c.refused ->> 'eventId'::text, c.refused ->> 'eventType'::text, null, (c.refused ->> 'attempts'::text)::bigint,
  c.refused ->> 'error'::text, c.refused ->> 'stack'::text, c.refused_at, c.conversation_id, (c.refused ->> 'next'::text)::timestamptz
from cdm_conversation c
where c.refused_at is not null;

comment on view cdm_report_failed is 'What hooks have failed on: deliveries whose tries are used up, and changes that a Before hook refused, also while these are tried again by themselves.';
comment on column cdm_report_failed.next_try is 'When a refused change is tried again by itself; null when somebody has to decide.';

insert into cdm_migration (number, name) values (11, '0011_next_try');
