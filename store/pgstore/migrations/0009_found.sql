-- What conversations are found by: who the customer is, and who and what has it
-- now. It is derived, so a program that still runs may leave it as it was until
-- the conversation is written again.
-- Literals have their type, so that no operator of somebody else fits better.

alter table cdm_conversation add column customer_address text collate "C";
alter table cdm_conversation add column present_user_ids text[];
alter table cdm_conversation add column present_queue_ids text[];

comment on column cdm_conversation.customer_address is 'Where the customer calls or writes from, or is called or written to, in one spelling; as in cdm_report_customer.';
comment on column cdm_conversation.present_user_ids is 'The users who are connected now; null when there are none.';
comment on column cdm_conversation.present_queue_ids is 'The queues in which it waits now; null when there are none.';

create type cdm_conversation_row_2 as (
  conversation_id text,
  version bigint,
  changed timestamptz,
  vetoed text,
  pending json,
  due timestamptz,
  refused json,
  refused_by text,
  refused_at timestamptz,
  calculated_status text,
  conversation_end timestamptz,
  customer_address text,
  present_user_ids text[],
  present_queue_ids text[],
  conversation_start timestamptz,
  recorded_end timestamptz,
  conference_start timestamptz,
  originating_direction text,
  conversation_initiator text,
  initiated_by text,
  initial_screen_pop_target text,
  address text,
  external_tag text,
  utilization_label_id text,
  recording_state text,
  customer_participation boolean,
  self_served boolean,
  max_participants bigint,
  division_ids text[],
  external_contact_ids text[],
  external_organization_ids text[],
  associated_conversation_id text,
  attributes jsonb,
  more json,
  provenance bytea
);

update cdm_conversation c set customer_address = r.address
from cdm_report_customer r
where r.conversation_id = c.conversation_id and r.address is not null;

-- Legs that are not over, as far as their own rows say it. What only listens in
-- is told apart when the conversation is written again.
update cdm_conversation c
set present_user_ids = case when f.users[1] is not null then f.users end, present_queue_ids = case when f.queues[1] is not null then f.queues end
from (
  select o.conversation_id,
    array(
      select distinct p.user_id
      from cdm_session s
      join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
      where s.conversation_id = o.conversation_id and s.disconnected_time is null and p.end_time is null
        and (s.state not in ('disconnected'::text, 'terminated'::text)) is not false
        and p.purpose in ('agent'::text, 'user'::text) and p.user_id is not null
        and (s.was_connected or s.state = 'connected'::text or s.connected_time is not null)
      order by p.user_id) as users,
    array(
      select distinct coalesce(s.queue_id, p.queue_id) as queue_id
      from cdm_session s
      join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
      where s.conversation_id = o.conversation_id and s.disconnected_time is null and p.end_time is null
        and (s.state not in ('disconnected'::text, 'terminated'::text)) is not false
        and p.purpose = 'acd'::text and (s.queue_id is not null or p.queue_id is not null)
      order by queue_id) as queues
  from cdm_conversation o
  where o.calculated_status <> 'Ended'::text and o.provenance is not null
) f
where f.conversation_id = c.conversation_id and (f.users[1] is not null or f.queues[1] is not null);

-- A hash, as an entry of a btree has 2704 bytes at the most, and what is stored
-- already may have a longer address.
create index cdm_conversation_customer on cdm_conversation using hash (customer_address) where customer_address is not null;

insert into cdm_migration (number, name) values (9, '0009_found');
