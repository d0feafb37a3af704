-- The rows of a statement, as one parameter. A program that still runs when a
-- later migration adds columns goes on with these; that migration makes types
-- of its own.

create type cdm_conversation_row as (
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

create type cdm_participant_row as (
  conversation_id text,
  participant_id text,
  purpose text,
  user_id text,
  participant_name text,
  start_time timestamptz,
  connected_time timestamptz,
  end_time timestamptz,
  queue_id text,
  queue_name text,
  group_id text,
  team_id text,
  external_contact_id text,
  external_organization_id text,
  address text,
  ani text,
  dnis text,
  consult_participant_id text,
  wrapup_required boolean,
  wrapup_prompt text,
  attributes jsonb,
  more json,
  provenance bytea
);

create type cdm_session_row as (
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
  more json,
  provenance bytea
);

create type cdm_segment_row as (
  conversation_id text,
  session_id text,
  segment_start timestamptz,
  segment_type text,
  segment_end timestamptz,
  disconnect_type text,
  error_code text,
  queue_id text,
  conference boolean,
  wrap_up_code text,
  wrap_up_note text,
  more json,
  provenance bytea
);

create type cdm_metric_row as (
  conversation_id text,
  session_id text,
  emit_date timestamptz,
  name text,
  value bigint,
  provenance bigint
);

create type cdm_transfer_row as (
  conversation_id text,
  transfer_id text,
  state text,
  transfer_type text,
  date_issued timestamptz,
  initiator_user_id text,
  destination_user_id text,
  destination_address text,
  more json,
  provenance bytea
);

create type cdm_survey_row as (
  conversation_id text,
  survey_id text,
  survey_status text,
  survey_type text,
  survey_form_id text,
  survey_form_name text,
  user_id text,
  queue_id text,
  event_time timestamptz,
  survey_completed_date timestamptz,
  survey_partial_response boolean,
  o_survey_total_score double precision,
  survey_promoter_score double precision,
  more json,
  provenance bytea
);

create type cdm_evaluation_row as (
  conversation_id text,
  evaluation_id text,
  evaluation_status text,
  user_id text,
  evaluator_id text,
  form_id text,
  form_name text,
  queue_id text,
  event_time timestamptz,
  assigned_date timestamptz,
  changed_date timestamptz,
  release_date timestamptz,
  released boolean,
  rescored boolean,
  deleted boolean,
  agent_has_read boolean,
  o_total_score double precision,
  o_total_critical_score double precision,
  more json,
  provenance bytea
);
create type cdm_event_row as (
  conversation_id text,
  seq bigint,
  event_id text,
  type text,
  time timestamptz,
  rule text,
  vetoed boolean,
  data json
);

create type cdm_delivery_row as (
  conversation_id text,
  hook text,
  seq bigint,
  event_id text,
  claimed boolean
);

create type cdm_outcome_row as (
  conversation_id text,
  hook text,
  seq bigint,
  owner text,
  did bigint,
  wait bigint,
  attempts bigint,
  type text,
  error text,
  stack text,
  failed_at timestamptz
);

insert into cdm_migration (number, name) values (2, '0002_rows');
