-- What a leg asks of routing: live messages state it of each leg, again and again,
-- and it hardly ever changes. The server writes to its log what lies between the
-- first and the last column that an update changes; these are behind them all.

alter table cdm_session add column requested_routing_skill_ids text[];
alter table cdm_session add column requested_language_id text;
alter table cdm_session add column routing_priority bigint;

comment on column cdm_session.requested_routing_skill_ids is 'The skills that the agent must have, by their Genesys ids; of rows that were last written before there was this column they are in more.';
comment on column cdm_session.requested_language_id is 'The language skill that the agent must have; as requested_routing_skill_ids.';
comment on column cdm_session.routing_priority is 'The priority in the queue; as requested_routing_skill_ids.';

create type cdm_session_row_2 as (
  conversation_id text,
  session_id text,
  participant_id text,
  flattened boolean,
  media_type text,
  message_type text,
  direction text,
  provider text,
  state text,
  start_time timestamptz,
  connected_time timestamptz,
  disconnected_time timestamptz,
  disconnect_type text,
  error_code text,
  queue_id text,
  peer_id text,
  ani text,
  dnis text,
  address_from text,
  address_to text,
  address_self text,
  address_other text,
  subject text,
  held boolean,
  muted boolean,
  recording boolean,
  was_connected boolean,
  live_participant_id text,
  script_id text,
  after_call_work_required boolean,
  after_call_work_state text,
  start_acw_time timestamptz,
  end_acw_time timestamptz,
  wrap_up_code text,
  wrap_up_name text,
  wrap_up_note text,
  wrap_up_duration_ms bigint,
  wrap_up_end_time timestamptz,
  flow_id text,
  flow_name text,
  flow_type text,
  acd_outcome text,
  used_routing text,
  outbound_campaign_id text,
  alerting_duration_ms bigint,
  dialing_duration_ms bigint,
  interacting_duration_ms bigint,
  held_duration_ms bigint,
  requested_routing_skill_ids text[],
  requested_language_id text,
  routing_priority bigint,
  more json,
  provenance bytea
);

insert into cdm_migration (number, name) values (15, '0015_routing');
