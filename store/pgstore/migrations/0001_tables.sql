-- The tables of version 1. Names without a schema: the search_path says where
-- they are made. Identifiers are compared byte by byte. What changes while a
-- conversation goes on is at the end, side by side: the server logs what lies
-- between the first and the last byte that an update changes. A third of each
-- page of what changes often is free at first: an update that finds room in the
-- page of its row changes no index.

create table cdm_conversation (
  conversation_id text collate "C" not null,
  vetoed text,
  conversation_start timestamptz,
  originating_direction text,
  conversation_initiator text,
  initiated_by text,
  initial_screen_pop_target text,
  address text,
  external_tag text,
  utilization_label_id text,
  customer_participation boolean,
  self_served boolean,
  max_participants bigint,
  division_ids text[],
  external_contact_ids text[],
  external_organization_ids text[],
  associated_conversation_id text,
  attributes jsonb,
  conference_start timestamptz,
  recording_state text,
  conversation_end timestamptz,
  recorded_end timestamptz,
  refused_by text,
  refused_at timestamptz,
  refused json,
  due timestamptz,
  pending json,
  calculated_status text collate "C",
  version bigint not null,
  changed timestamptz not null,
  changed_slot timestamptz not null generated always as (date_bin(interval '10 minutes', changed, timestamptz 'epoch')) stored,
  more json,
  provenance bytea,
  primary key (conversation_id)
) with (fillfactor = 65);

create table cdm_participant (
  conversation_id text collate "C" not null,
  participant_id text collate "C" not null,
  purpose text,
  user_id text collate "C",
  start_time timestamptz,
  queue_id text collate "C",
  queue_name text,
  group_id text,
  team_id text,
  external_contact_id text,
  external_organization_id text,
  ani text,
  dnis text,
  consult_participant_id text,
  participant_name text,
  address text,
  wrapup_required boolean not null,
  wrapup_prompt text,
  attributes jsonb,
  more json,
  connected_time timestamptz,
  end_time timestamptz,
  provenance bytea not null,
  primary key (conversation_id, participant_id),
  foreign key (conversation_id) references cdm_conversation on delete cascade
) with (fillfactor = 80);

create table cdm_session (
  conversation_id text collate "C" not null,
  session_id text collate "C" not null,
  participant_id text collate "C" not null,
  flattened boolean not null,
  media_type text,
  message_type text,
  direction text,
  provider text,
  start_time timestamptz,
  queue_id text collate "C",
  ani text,
  dnis text,
  address_from text,
  address_to text,
  address_self text,
  address_other text,
  subject text,
  live_participant_id text,
  script_id text,
  flow_id text,
  flow_name text,
  flow_type text,
  acd_outcome text,
  used_routing text,
  outbound_campaign_id text,
  wrap_up_code text,
  wrap_up_name text,
  wrap_up_note text,
  wrap_up_duration_ms bigint,
  wrap_up_end_time timestamptz,
  start_acw_time timestamptz,
  end_acw_time timestamptz,
  after_call_work_required boolean not null,
  after_call_work_state text,
  error_code text,
  peer_id text,
  more json,
  state text,
  held boolean not null,
  muted boolean not null,
  recording boolean not null,
  was_connected boolean not null,
  connected_time timestamptz,
  disconnected_time timestamptz,
  disconnect_type text,
  alerting_duration_ms bigint,
  dialing_duration_ms bigint,
  interacting_duration_ms bigint,
  held_duration_ms bigint,
  provenance bytea not null,
  primary key (conversation_id, session_id),
  foreign key (conversation_id) references cdm_conversation on delete cascade
) with (fillfactor = 65);

create table cdm_segment (
  conversation_id text collate "C" not null,
  session_id text collate "C" not null,
  segment_start timestamptz not null,
  segment_type text collate "C" not null,
  queue_id text collate "C",
  conference boolean not null,
  wrap_up_code text,
  wrap_up_note text,
  error_code text,
  disconnect_type text,
  more json,
  segment_end timestamptz,
  provenance bytea not null,
  primary key (conversation_id, session_id, segment_start, segment_type),
  foreign key (conversation_id, session_id) references cdm_session on delete cascade
) with (fillfactor = 90);

create table cdm_metric (
  conversation_id text collate "C" not null,
  session_id text collate "C" not null,
  emit_date timestamptz not null,
  name text collate "C" not null,
  value bigint not null,
  provenance bigint not null,
  primary key (conversation_id, session_id, emit_date, name),
  foreign key (conversation_id, session_id) references cdm_session on delete cascade
) with (fillfactor = 95);

create table cdm_transfer (
  conversation_id text collate "C" not null,
  transfer_id text collate "C" not null,
  state text,
  transfer_type text,
  date_issued timestamptz,
  initiator_user_id text,
  destination_user_id text,
  destination_address text,
  more json,
  provenance bytea not null,
  primary key (conversation_id, transfer_id),
  foreign key (conversation_id) references cdm_conversation on delete cascade
);

create table cdm_survey (
  conversation_id text collate "C" not null,
  survey_id text collate "C" not null,
  survey_status text,
  survey_type text,
  survey_form_id text,
  survey_form_name text,
  user_id text collate "C",
  queue_id text collate "C",
  event_time timestamptz,
  survey_completed_date timestamptz,
  survey_partial_response boolean not null,
  o_survey_total_score double precision,
  survey_promoter_score double precision,
  more json,
  provenance bytea not null,
  primary key (conversation_id, survey_id),
  foreign key (conversation_id) references cdm_conversation on delete cascade
);

create table cdm_evaluation (
  conversation_id text collate "C" not null,
  evaluation_id text collate "C" not null,
  evaluation_status text,
  user_id text collate "C",
  evaluator_id text,
  form_id text,
  form_name text,
  queue_id text collate "C",
  event_time timestamptz,
  assigned_date timestamptz,
  changed_date timestamptz,
  release_date timestamptz,
  released boolean not null,
  rescored boolean not null,
  deleted boolean not null,
  agent_has_read boolean not null,
  o_total_score double precision,
  o_total_critical_score double precision,
  more json,
  provenance bytea not null,
  primary key (conversation_id, evaluation_id),
  foreign key (conversation_id) references cdm_conversation on delete cascade
);

create table cdm_event (
  seq bigint not null,
  time timestamptz not null,
  vetoed boolean not null,
  conversation_id text collate "C" not null,
  event_id text collate "C" not null,
  type text not null,
  rule text not null,
  data json not null,
  primary key (conversation_id, seq)
);

create table cdm_delivery (
  seq bigint not null,
  due timestamptz not null,
  attempts bigint not null,
  blocked boolean not null,
  conversation_id text collate "C" not null,
  hook text collate "C" not null,
  event_id text collate "C" not null,
  state text not null check (state in ('waiting', 'claimed', 'parked', 'skipped')),
  owner text collate "C",
  type text,
  error text,
  stack text,
  failed_at timestamptz,
  primary key (conversation_id, hook, seq)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

create table cdm_value (
  name text collate "C" not null primary key,
  version bigint not null,
  value bytea not null
);

create table cdm_migration (
  number bigint not null primary key,
  name text not null,
  applied timestamptz not null default now()
);

create index cdm_conversation_start on cdm_conversation (conversation_start, conversation_id) where provenance is not null;
create index cdm_conversation_changed on cdm_conversation (changed_slot) where provenance is not null;
create index cdm_conversation_end on cdm_conversation (conversation_end) where conversation_end is not null;
create index cdm_conversation_open on cdm_conversation (calculated_status, changed_slot) where calculated_status <> 'Ended';
create index cdm_conversation_due on cdm_conversation (due) where due is not null;
create index cdm_conversation_refused on cdm_conversation (refused_at) where refused_at is not null;
create index cdm_conversation_attributes on cdm_conversation using gin (attributes jsonb_path_ops) where attributes is not null;
create index cdm_participant_user on cdm_participant (user_id, conversation_id) where user_id is not null;
create index cdm_participant_queue on cdm_participant (queue_id, conversation_id) where queue_id is not null;
create index cdm_session_queue on cdm_session (queue_id, conversation_id) where queue_id is not null;
create index cdm_delivery_event on cdm_delivery (event_id) where state = 'parked';
create index cdm_delivery_waiting on cdm_delivery (hook, due) where state = 'waiting' and not blocked;
create index cdm_delivery_claimed on cdm_delivery (due) where state = 'claimed';
create index cdm_delivery_parked on cdm_delivery (failed_at) where state = 'parked';

comment on table cdm_conversation is 'One row for each Genesys Cloud conversation. A row without provenance is no conversation: it is a tombstone (vetoed is set) or only holds a refused change.';
comment on column cdm_conversation.conversation_id is 'Genesys conversation id.';
comment on column cdm_conversation.version is 'Counts the changes; a writer names the version that its change is based on.';
comment on column cdm_conversation.changed is 'When the row last changed, by the clock of the database.';
comment on column cdm_conversation.changed_slot is 'The ten minutes of changed. It has the index, so that most changes touch none.';
comment on column cdm_conversation.vetoed is 'Why a Before hook did not want the conversation; null for all others.';
comment on column cdm_conversation.pending is 'Conclusions that wait to settle, as a JSON array.';
comment on column cdm_conversation.due is 'When the first conclusion settles.';
comment on column cdm_conversation.refused is 'A change that a Before hook refused until its tries were used up, with its facts.';
comment on column cdm_conversation.refused_by is 'The hook that refused it.';
comment on column cdm_conversation.refused_at is 'When it was refused last.';
comment on column cdm_conversation.calculated_status is 'New, InFlow, Queued, Alerting, Active, OnHold, AfterCallWork or Ended.';
comment on column cdm_conversation.conversation_end is 'End of the last segment of any participant, wrap-up included; set while calculated_status is Ended.';
comment on column cdm_conversation.conversation_start is 'When Genesys created the conversation, not when an agent began.';
comment on column cdm_conversation.recorded_end is 'The end as an analytics or REST record states it.';
comment on column cdm_conversation.conference_start is 'When the conversation became a conference.';
comment on column cdm_conversation.originating_direction is 'inbound or outbound.';
comment on column cdm_conversation.conversation_initiator is 'Purpose of the participant who began the conversation.';
comment on column cdm_conversation.initiated_by is 'DCM when DCM created it through the API; null means GENESYS.';
comment on column cdm_conversation.initial_screen_pop_target is 'EXTERNALPARTY, CASE or TASK.';
comment on column cdm_conversation.address is 'The customer''s address.';
comment on column cdm_conversation.external_tag is 'The tag that an integration set.';
comment on column cdm_conversation.utilization_label_id is 'Genesys utilization label.';
comment on column cdm_conversation.recording_state is 'none, active or paused.';
comment on column cdm_conversation.customer_participation is 'Whether the customer took part.';
comment on column cdm_conversation.self_served is 'Whether the customer was served without an agent.';
comment on column cdm_conversation.max_participants is 'The most participants at a time.';
comment on column cdm_conversation.division_ids is 'Genesys divisions; they grow with transfers.';
comment on column cdm_conversation.external_contact_ids is 'Genesys external contacts.';
comment on column cdm_conversation.external_organization_ids is 'Genesys external organisations.';
comment on column cdm_conversation.associated_conversation_id is 'Another conversation that Genesys links to this one.';
comment on column cdm_conversation.attributes is 'What the host set for the conversation, for example a case id: an object of texts.';
comment on column cdm_conversation.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_conversation.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_participant is 'A party of a conversation in a role: customer, agent, acd (one visit to a queue), ivr and others.';
comment on column cdm_participant.conversation_id is 'The conversation.';
comment on column cdm_participant.participant_id is 'Genesys participant id.';
comment on column cdm_participant.purpose is 'agent, user, customer, external, acd, ivr, workflow, botflow, voicemail and others. Agents and users are people of the organisation.';
comment on column cdm_participant.user_id is 'Genesys user, for agents and users.';
comment on column cdm_participant.participant_name is 'The customer''s, the queue''s or the flow''s name; an agent''s may be missing.';
comment on column cdm_participant.start_time is 'When the participant joined: an agent''s alert, not the answer.';
comment on column cdm_participant.connected_time is 'When the participant was connected first.';
comment on column cdm_participant.end_time is 'When the participant was completely done, after-call work included.';
comment on column cdm_participant.queue_id is 'The queue through which the participant came.';
comment on column cdm_participant.queue_name is 'Its name.';
comment on column cdm_participant.group_id is 'Genesys group.';
comment on column cdm_participant.team_id is 'Genesys team.';
comment on column cdm_participant.external_contact_id is 'Genesys external contact.';
comment on column cdm_participant.external_organization_id is 'Genesys external organisation.';
comment on column cdm_participant.address is 'Address of the participant.';
comment on column cdm_participant.ani is 'Who calls.';
comment on column cdm_participant.dnis is 'Who was called.';
comment on column cdm_participant.consult_participant_id is 'The other side of a consult transfer.';
comment on column cdm_participant.wrapup_required is 'Whether a wrap-up is asked for; stays true after it is done.';
comment on column cdm_participant.wrapup_prompt is 'How the wrap-up is asked for: mandatory, optional, timeout and others.';
comment on column cdm_participant.attributes is 'Genesys''s participant data: an object of texts.';
comment on column cdm_participant.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_participant.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_session is 'A leg: one communication channel used by one participant.';
comment on column cdm_session.conversation_id is 'The conversation.';
comment on column cdm_session.session_id is 'Genesys session id, which is the communication id of the live API.';
comment on column cdm_session.participant_id is 'The participant; empty while it is not known.';
comment on column cdm_session.flattened is 'Whether the row is what a media topic says of a leg that it does not name: a leg of its own only while no other session of the participant has the medium.';
comment on column cdm_session.media_type is 'voice, chat, email, message, callback, cobrowse, screenshare and others.';
comment on column cdm_session.message_type is 'For messages: sms, webmessaging, whatsapp and others.';
comment on column cdm_session.direction is 'inbound or outbound.';
comment on column cdm_session.provider is 'Edge, PureCloud Email and others.';
comment on column cdm_session.state is 'alerting, dialing, connected, disconnected and others.';
comment on column cdm_session.start_time is 'When the leg began: alerting or dialing for an agent.';
comment on column cdm_session.connected_time is 'When the leg was answered; null when it never was.';
comment on column cdm_session.disconnected_time is 'The hang-up. After-call work comes later.';
comment on column cdm_session.disconnect_type is 'Who or what ended the leg: client, endpoint, peer, system, transfer, consultTransfer and others.';
comment on column cdm_session.error_code is 'Genesys error code.';
comment on column cdm_session.queue_id is 'The queue of the leg.';
comment on column cdm_session.peer_id is 'The leg at the other side.';
comment on column cdm_session.ani is 'Who calls.';
comment on column cdm_session.dnis is 'Who was called.';
comment on column cdm_session.address_from is 'Sender.';
comment on column cdm_session.address_to is 'Receiver.';
comment on column cdm_session.address_self is 'The address of this side.';
comment on column cdm_session.address_other is 'The address of the other side.';
comment on column cdm_session.subject is 'Subject of an e-mail.';
comment on column cdm_session.held is 'Whether the leg is on hold now.';
comment on column cdm_session.muted is 'Whether the leg is muted now.';
comment on column cdm_session.recording is 'Whether the leg is recorded now.';
comment on column cdm_session.was_connected is 'Whether the leg was seen connected.';
comment on column cdm_session.live_participant_id is 'The participant in which the live API puts the leg.';
comment on column cdm_session.script_id is 'Genesys script.';
comment on column cdm_session.after_call_work_required is 'Whether after-call work is asked for.';
comment on column cdm_session.after_call_work_state is 'unknown, skipped, pending, complete or notApplicable.';
comment on column cdm_session.start_acw_time is 'Start of the after-call work.';
comment on column cdm_session.end_acw_time is 'End of the after-call work.';
comment on column cdm_session.wrap_up_code is 'Id of the wrap-up code; null when none was chosen.';
comment on column cdm_session.wrap_up_name is 'Its name.';
comment on column cdm_session.wrap_up_note is 'Note of the agent.';
comment on column cdm_session.wrap_up_duration_ms is 'Length of the wrap-up in milliseconds.';
comment on column cdm_session.wrap_up_end_time is 'End of the wrap-up.';
comment on column cdm_session.flow_id is 'Genesys flow.';
comment on column cdm_session.flow_name is 'Its name.';
comment on column cdm_session.flow_type is 'inboundCall, bot, workflow and others.';
comment on column cdm_session.acd_outcome is 'How a visit to a queue ended.';
comment on column cdm_session.used_routing is 'The routing method that found the agent.';
comment on column cdm_session.outbound_campaign_id is 'Genesys campaign.';
comment on column cdm_session.alerting_duration_ms is 'Milliseconds of alerting, from detail events.';
comment on column cdm_session.dialing_duration_ms is 'Milliseconds of dialing, from detail events.';
comment on column cdm_session.interacting_duration_ms is 'Milliseconds of talking, from detail events.';
comment on column cdm_session.held_duration_ms is 'Milliseconds on hold, from detail events.';
comment on column cdm_session.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_session.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_segment is 'A step of a leg with its times: alert, interact, hold, wrapup and others.';
comment on column cdm_segment.conversation_id is 'The conversation.';
comment on column cdm_segment.session_id is 'The leg.';
comment on column cdm_segment.segment_start is 'Start of the step.';
comment on column cdm_segment.segment_type is 'alert, dialing, interact, hold, wrapup, ivr, system and others.';
comment on column cdm_segment.segment_end is 'End of the step; null while it runs.';
comment on column cdm_segment.disconnect_type is 'Set on the step after which the leg was disconnected.';
comment on column cdm_segment.error_code is 'Genesys error code.';
comment on column cdm_segment.queue_id is 'The queue.';
comment on column cdm_segment.conference is 'Whether it was part of a conference.';
comment on column cdm_segment.wrap_up_code is 'Id of the wrap-up code; null when none was chosen.';
comment on column cdm_segment.wrap_up_note is 'Note of the agent.';
comment on column cdm_segment.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_segment.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_metric is 'Genesys''s aggregated figures of a leg, for reports.';
comment on column cdm_metric.conversation_id is 'The conversation.';
comment on column cdm_metric.session_id is 'The leg.';
comment on column cdm_metric.emit_date is 'When Genesys emitted it.';
comment on column cdm_metric.name is 'Genesys metric name, such as tTalk, tAnswered or nTransferred.';
comment on column cdm_metric.value is 'Milliseconds for t…, a count for n… and o….';
comment on column cdm_metric.provenance is 'Who stated it and when, in a form of the library.';

comment on table cdm_transfer is 'A transfer command of the live API. It is only an attempt.';
comment on column cdm_transfer.conversation_id is 'The conversation.';
comment on column cdm_transfer.transfer_id is 'Genesys command id.';
comment on column cdm_transfer.state is 'pending, active, complete, canceled, failed, timeout or unknown.';
comment on column cdm_transfer.transfer_type is 'Attended or unattended.';
comment on column cdm_transfer.date_issued is 'When it was issued.';
comment on column cdm_transfer.initiator_user_id is 'The agent who transfers.';
comment on column cdm_transfer.destination_user_id is 'The user that is transferred to.';
comment on column cdm_transfer.destination_address is 'The address that is transferred to.';
comment on column cdm_transfer.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_transfer.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_survey is 'A survey that was sent to the customer.';
comment on column cdm_survey.conversation_id is 'The conversation.';
comment on column cdm_survey.survey_id is 'Genesys survey id.';
comment on column cdm_survey.survey_status is 'Pending, Sent, InProgress, Finished, OptOut, Error or Expired.';
comment on column cdm_survey.survey_type is 'Web or Voice.';
comment on column cdm_survey.survey_form_id is 'The form.';
comment on column cdm_survey.survey_form_name is 'Its name.';
comment on column cdm_survey.user_id is 'The agent that it is about.';
comment on column cdm_survey.queue_id is 'The queue.';
comment on column cdm_survey.event_time is 'When the survey changed last.';
comment on column cdm_survey.survey_completed_date is 'When the customer answered.';
comment on column cdm_survey.survey_partial_response is 'Whether only a part was answered.';
comment on column cdm_survey.o_survey_total_score is 'The score; null while there is none.';
comment on column cdm_survey.survey_promoter_score is '0 to 10; null while there is none.';
comment on column cdm_survey.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_survey.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';

comment on table cdm_evaluation is 'A supervisor''s rating of an agent.';
comment on column cdm_evaluation.conversation_id is 'The conversation.';
comment on column cdm_evaluation.evaluation_id is 'Genesys evaluation id.';
comment on column cdm_evaluation.evaluation_status is 'Pending, InProgress, Finished, InReview or Retracted.';
comment on column cdm_evaluation.user_id is 'The agent.';
comment on column cdm_evaluation.evaluator_id is 'The supervisor.';
comment on column cdm_evaluation.form_id is 'The form.';
comment on column cdm_evaluation.form_name is 'Its name.';
comment on column cdm_evaluation.queue_id is 'The queue.';
comment on column cdm_evaluation.event_time is 'When the evaluation changed last.';
comment on column cdm_evaluation.assigned_date is 'When it was assigned.';
comment on column cdm_evaluation.changed_date is 'When it was changed.';
comment on column cdm_evaluation.release_date is 'When the agent could see it.';
comment on column cdm_evaluation.released is 'Whether the agent can see it.';
comment on column cdm_evaluation.rescored is 'Whether it was scored again.';
comment on column cdm_evaluation.deleted is 'Whether it was deleted.';
comment on column cdm_evaluation.agent_has_read is 'Whether the agent has read it.';
comment on column cdm_evaluation.o_total_score is 'The score; null while there is none.';
comment on column cdm_evaluation.o_total_critical_score is 'The score of critical questions; null while there is none.';
comment on column cdm_evaluation.more is 'Fields without a column of their own, as a JSON object by their Genesys names.';
comment on column cdm_evaluation.provenance is 'Who stated each field and when, in a form of the library. Do not change it.';
comment on table cdm_event is 'The log of Common Events.';
comment on column cdm_event.conversation_id is 'The conversation.';
comment on column cdm_event.seq is 'Place in the log of the conversation, from 1 without gaps.';
comment on column cdm_event.event_id is 'Id of what happened: the same however often it is heard of.';
comment on column cdm_event.type is 'conversation.created, participant.added, agent.connected, agent.transferred, agent.disconnected, conversation.ended or conversation.reopened.';
comment on column cdm_event.time is 'When it happened.';
comment on column cdm_event.rule is 'The rule that concluded it.';
comment on column cdm_event.vetoed is 'Whether a Before hook vetoed it: it is logged, and no After hook sees it.';
comment on column cdm_event.data is 'The data of the event.';

comment on table cdm_delivery is 'The outbox: deliveries of events to After hooks. A row is deleted when its hook is done with the event.';
comment on column cdm_delivery.conversation_id is 'The conversation.';
comment on column cdm_delivery.hook is 'Name of the After hook.';
comment on column cdm_delivery.seq is 'Place of the event in the log; a hook gets those of a conversation in this order.';
comment on column cdm_delivery.event_id is 'The event.';
comment on column cdm_delivery.state is 'waiting: for its turn or next try; claimed: a process has it; parked: its tries are used up; skipped: by hand.';
comment on column cdm_delivery.blocked is 'Whether an earlier delivery of the hook and conversation has failed and is not finished.';
comment on column cdm_delivery.due is 'When it can be claimed: its next try, or the end of the lease of its owner.';
comment on column cdm_delivery.owner is 'The process that has it.';
comment on column cdm_delivery.attempts is 'How often the hook has failed.';
comment on column cdm_delivery.type is 'Type of the event that failed.';
comment on column cdm_delivery.error is 'Its last error.';
comment on column cdm_delivery.stack is 'Where it panicked.';
comment on column cdm_delivery.failed_at is 'When it failed last; null when it has not.';

comment on table cdm_value is 'Named values of the host, such as the cursor of a poller.';
comment on column cdm_value.name is 'Its name.';
comment on column cdm_value.version is 'Counts the changes.';
comment on column cdm_value.value is 'Its bytes.';

comment on table cdm_migration is 'The migrations of these tables that were applied.';
comment on column cdm_migration.number is 'From 1 without gaps.';
comment on column cdm_migration.name is 'Name of its file.';
comment on column cdm_migration.applied is 'When it was applied.';

insert into cdm_migration (number, name) values (1, '0001_tables');
