-- The tables of version 1. Times are microseconds since 1970 in UTC; lists are JSON arrays.

PRAGMA application_id = 1667526003;

CREATE TABLE cdm_conversation (
  conversation_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  vetoed TEXT,
  pending TEXT,
  due INTEGER,
  refused TEXT,
  refused_by TEXT,
  refused_at INTEGER,
  calculated_status TEXT,
  conversation_end INTEGER,
  conversation_start INTEGER,
  recorded_end INTEGER,
  conference_start INTEGER,
  originating_direction TEXT,
  conversation_initiator TEXT,
  initiated_by TEXT,
  initial_screen_pop_target TEXT,
  address TEXT,
  external_tag TEXT,
  utilization_label_id TEXT,
  recording_state TEXT,
  customer_participation INTEGER,
  self_served INTEGER,
  max_participants INTEGER,
  division_ids TEXT,
  external_contact_ids TEXT,
  external_organization_ids TEXT,
  associated_conversation_id TEXT,
  attributes TEXT,
  more TEXT,
  provenance BLOB,
  PRIMARY KEY (conversation_id)
) STRICT;

CREATE TABLE cdm_participant (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  participant_id TEXT NOT NULL,
  purpose TEXT,
  user_id TEXT,
  participant_name TEXT,
  start_time INTEGER,
  connected_time INTEGER,
  end_time INTEGER,
  queue_id TEXT,
  queue_name TEXT,
  group_id TEXT,
  team_id TEXT,
  external_contact_id TEXT,
  external_organization_id TEXT,
  address TEXT,
  ani TEXT,
  dnis TEXT,
  consult_participant_id TEXT,
  wrapup_required INTEGER NOT NULL,
  wrapup_prompt TEXT,
  attributes TEXT,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, participant_id)
) STRICT;

CREATE TABLE cdm_session (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  participant_id TEXT NOT NULL,
  flattened INTEGER NOT NULL,
  media_type TEXT,
  message_type TEXT,
  direction TEXT,
  provider TEXT,
  state TEXT,
  start_time INTEGER,
  connected_time INTEGER,
  disconnected_time INTEGER,
  disconnect_type TEXT,
  error_code TEXT,
  queue_id TEXT,
  peer_id TEXT,
  ani TEXT,
  dnis TEXT,
  address_from TEXT,
  address_to TEXT,
  address_self TEXT,
  address_other TEXT,
  subject TEXT,
  held INTEGER NOT NULL,
  muted INTEGER NOT NULL,
  recording INTEGER NOT NULL,
  was_connected INTEGER NOT NULL,
  live_participant_id TEXT,
  script_id TEXT,
  after_call_work_required INTEGER NOT NULL,
  after_call_work_state TEXT,
  start_acw_time INTEGER,
  end_acw_time INTEGER,
  wrap_up_code TEXT,
  wrap_up_name TEXT,
  wrap_up_note TEXT,
  wrap_up_duration_ms INTEGER,
  wrap_up_end_time INTEGER,
  flow_id TEXT,
  flow_name TEXT,
  flow_type TEXT,
  acd_outcome TEXT,
  used_routing TEXT,
  outbound_campaign_id TEXT,
  alerting_duration_ms INTEGER,
  dialing_duration_ms INTEGER,
  interacting_duration_ms INTEGER,
  held_duration_ms INTEGER,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, session_id)
) STRICT;

CREATE TABLE cdm_segment (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  segment_start INTEGER NOT NULL,
  segment_type TEXT NOT NULL,
  segment_end INTEGER,
  disconnect_type TEXT,
  error_code TEXT,
  queue_id TEXT,
  conference INTEGER NOT NULL,
  wrap_up_code TEXT,
  wrap_up_note TEXT,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, session_id, segment_start, segment_type)
) STRICT;

CREATE TABLE cdm_metric (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  session_id TEXT NOT NULL,
  emit_date INTEGER NOT NULL,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  provenance INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, session_id, emit_date, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdm_transfer (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  transfer_id TEXT NOT NULL,
  state TEXT,
  transfer_type TEXT,
  date_issued INTEGER,
  initiator_user_id TEXT,
  destination_user_id TEXT,
  destination_address TEXT,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, transfer_id)
) STRICT;

CREATE TABLE cdm_survey (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  survey_id TEXT NOT NULL,
  survey_status TEXT,
  survey_type TEXT,
  survey_form_id TEXT,
  survey_form_name TEXT,
  user_id TEXT,
  queue_id TEXT,
  event_time INTEGER,
  survey_completed_date INTEGER,
  survey_partial_response INTEGER NOT NULL,
  o_survey_total_score REAL,
  survey_promoter_score REAL,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, survey_id)
) STRICT;

CREATE TABLE cdm_evaluation (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  evaluation_id TEXT NOT NULL,
  evaluation_status TEXT,
  user_id TEXT,
  evaluator_id TEXT,
  form_id TEXT,
  form_name TEXT,
  queue_id TEXT,
  event_time INTEGER,
  assigned_date INTEGER,
  changed_date INTEGER,
  release_date INTEGER,
  released INTEGER NOT NULL,
  rescored INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  agent_has_read INTEGER NOT NULL,
  o_total_score REAL,
  o_total_critical_score REAL,
  more TEXT,
  provenance BLOB NOT NULL,
  PRIMARY KEY (conversation_id, evaluation_id)
) STRICT;

CREATE TABLE cdm_event (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  time INTEGER NOT NULL,
  rule TEXT NOT NULL,
  vetoed INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (conversation_id, seq)
) STRICT;

CREATE TABLE cdm_delivery (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  hook TEXT NOT NULL,
  seq INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  state INTEGER NOT NULL,
  head INTEGER NOT NULL,
  due INTEGER NOT NULL,
  owner TEXT,
  attempts INTEGER NOT NULL,
  type TEXT,
  error TEXT,
  stack TEXT,
  failed_at INTEGER,
  PRIMARY KEY (conversation_id, hook, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdm_attribute (
  conversation_id TEXT NOT NULL REFERENCES cdm_conversation ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (conversation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdm_value (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE cdm_migration (
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  applied INTEGER NOT NULL,
  PRIMARY KEY (number)
) STRICT, WITHOUT ROWID;

CREATE INDEX cdm_conversation_start ON cdm_conversation (conversation_start, conversation_id) WHERE provenance IS NOT NULL;
CREATE INDEX cdm_conversation_end ON cdm_conversation (conversation_end) WHERE conversation_end IS NOT NULL;
CREATE INDEX cdm_conversation_changed ON cdm_conversation (changed);
CREATE INDEX cdm_conversation_open ON cdm_conversation (changed) WHERE calculated_status <> 'Ended';
CREATE INDEX cdm_conversation_due ON cdm_conversation (due) WHERE due IS NOT NULL;
CREATE INDEX cdm_conversation_refused ON cdm_conversation (refused_at) WHERE refused_at IS NOT NULL;
CREATE INDEX cdm_participant_user ON cdm_participant (user_id, conversation_id) WHERE user_id IS NOT NULL;
CREATE INDEX cdm_participant_queue ON cdm_participant (queue_id, conversation_id) WHERE queue_id IS NOT NULL;
CREATE INDEX cdm_session_queue ON cdm_session (queue_id, conversation_id) WHERE queue_id IS NOT NULL;
CREATE INDEX cdm_attribute_value ON cdm_attribute (name, value);
CREATE INDEX cdm_delivery_event ON cdm_delivery (event_id, hook);
CREATE INDEX cdm_delivery_claimable ON cdm_delivery (hook, due) WHERE head = 1 AND state < 2;
CREATE INDEX cdm_delivery_owner ON cdm_delivery (owner) WHERE state = 1;
CREATE INDEX cdm_delivery_parked ON cdm_delivery (failed_at) WHERE state = 2;

INSERT INTO cdm_migration (number, name, applied) VALUES (1, '0001_tables', strftime('%s', 'now') * 1000000);
