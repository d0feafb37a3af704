-- Views for reports. Programs do not read them.

create view cdm_report_agent_time as
with leg as (
  select s.conversation_id, p.user_id,
    s.was_connected or s.state in ('connected', 'parked') or s.connected_time is not null as answered,
    s.connected_time,
    case
      when s.disconnected_time is not null then s.disconnected_time
      when least(s.start_time, s.connected_time) <= l.end_time then l.end_time
      when s.state in ('disconnected', 'terminated') then null
      when least(s.start_time, s.connected_time) <= c.recorded_end then c.recorded_end
    end as ended,
    interval '1 ms' * coalesce(s.held_duration_ms, 0)::double precision as held,
    interval '1 ms' * (coalesce(s.dialing_duration_ms, 0) + coalesce((s.more ->> 'contactingDurationMs'::text)::bigint, 0))::double precision as dialed,
    case
      when s.end_acw_time > s.start_acw_time then s.end_acw_time - s.start_acw_time
      else interval '1 ms' * coalesce(s.wrap_up_duration_ms, 0)::double precision
    end as wrapped_up,
    g.*
  from cdm_session s
  join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
  join cdm_conversation c on c.conversation_id = s.conversation_id
  left join cdm_participant l on l.conversation_id = s.conversation_id and l.participant_id = coalesce(s.live_participant_id, s.participant_id)
  cross join lateral (
    select count(*) as segments,
      coalesce(sum(x.length) filter (where x.segment_type in ('interact', 'callback', 'sharing', 'transmitting')), interval '0') as talk,
      coalesce(sum(x.length) filter (where x.segment_type = 'hold'), interval '0') as hold,
      sum(x.length) filter (where x.segment_type = 'wrapup') as wrapup,
      coalesce(sum(x.length) filter (where x.segment_type in ('dialing', 'contacting')), interval '0') as dialing,
      coalesce(bool_or(x.segment_type in ('monitoring', 'coaching', 'barging', 'screenmonitoring'))
        and not bool_or(x.segment_type in ('interact', 'hold')), false) as listens
    from (
      select y.segment_type, greatest(y.segment_end - y.segment_start, interval '0') as length
      from cdm_segment y
      where y.conversation_id = s.conversation_id and y.session_id = s.session_id
    ) x
  ) g
  where p.purpose in ('agent', 'user') and p.user_id is not null
    and (p.more ->> 'monitoredParticipantId'::text) is null and (p.more ->> 'coachedParticipantId'::text) is null and (p.more ->> 'bargedParticipantId'::text) is null
    and (s.more ->> 'monitoredParticipantId'::text) is null and (s.more ->> 'coachedParticipantId'::text) is null and (s.more ->> 'bargedParticipantId'::text) is null
    and not (s.flattened and exists (
      select from cdm_session o
      where o.conversation_id = s.conversation_id and o.participant_id = s.participant_id
        and o.media_type is not distinct from s.media_type and not o.flattened))
), work as (
  select conversation_id, user_id, answered,
    case when segments > 0 then talk when answered and ended > connected_time then ended - connected_time - least(held, ended - connected_time) else interval '0' end as talk,
    case when segments > 0 then hold when answered and ended > connected_time then least(held, ended - connected_time) else interval '0' end as hold,
    case when segments > 0 then coalesce(wrapup, wrapped_up) else wrapped_up end as wrap_up,
    case when segments > 0 then dialing else dialed end as dialing
  from leg
  where not listens
)
select conversation_id, user_id, count(*) as sessions, bool_or(answered) as answered, sum(talk) as connected, sum(hold) as hold, sum(wrap_up) as wrap_up,
  sum(talk + hold + wrap_up + dialing) as handle
from work
group by conversation_id, user_id;

comment on view cdm_report_agent_time is 'How long each agent worked on each conversation, over all sessions. Alerting does not count, nor does what is still under way.';
comment on column cdm_report_agent_time.conversation_id is 'The conversation.';
comment on column cdm_report_agent_time.user_id is 'Genesys user id of the agent.';
comment on column cdm_report_agent_time.sessions is 'How many sessions the agent had, answered or not.';
comment on column cdm_report_agent_time.answered is 'Whether the agent answered one of them.';
comment on column cdm_report_agent_time.connected is 'Talking time, without hold.';
comment on column cdm_report_agent_time.hold is 'Time on hold.';
comment on column cdm_report_agent_time.wrap_up is 'After-call work.';
comment on column cdm_report_agent_time.handle is 'All of it, dialing and contacting included.';

create view cdm_report_email_agents as
select c.conversation_id, c.conversation_start, c.conversation_end, c.calculated_status,
  (select count(*) from cdm_report_agent_time o where o.conversation_id = c.conversation_id and o.answered) as agents,
  a.user_id, a.sessions, a.answered, a.connected, a.hold, a.wrap_up, a.handle
from cdm_conversation c
join cdm_report_agent_time a on a.conversation_id = c.conversation_id
where exists (select from cdm_session s where s.conversation_id = c.conversation_id and s.media_type = 'email');

comment on view cdm_report_email_agents is 'The agents of each e-mail conversation and the time that each worked on it; agents > 1 selects the conversations that involved several.';
comment on column cdm_report_email_agents.conversation_id is 'The conversation.';
comment on column cdm_report_email_agents.conversation_start is 'When Genesys created it.';
comment on column cdm_report_email_agents.conversation_end is 'When it ended.';
comment on column cdm_report_email_agents.calculated_status is 'Its status.';
comment on column cdm_report_email_agents.agents is 'How many agents answered the conversation.';
comment on column cdm_report_email_agents.user_id is 'Genesys user id of the agent.';
comment on column cdm_report_email_agents.sessions is 'How many sessions the agent had, answered or not.';
comment on column cdm_report_email_agents.answered is 'Whether the agent answered one of them.';
comment on column cdm_report_email_agents.connected is 'Time of work on the e-mail, without hold.';
comment on column cdm_report_email_agents.hold is 'Time on hold.';
comment on column cdm_report_email_agents.wrap_up is 'After-call work.';
comment on column cdm_report_email_agents.handle is 'All of it, dialing and contacting included.';

create view cdm_report_open_conversations as
select c.conversation_id, c.calculated_status, c.conversation_start, c.changed, c.originating_direction, c.address, c.attributes,
  (select pg_catalog.array_agg(distinct s.media_type) from cdm_session s where s.conversation_id = c.conversation_id and s.media_type is not null) as media_types,
  (select pg_catalog.array_agg(distinct p.user_id) from cdm_session s join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
    where s.conversation_id = c.conversation_id and p.purpose in ('agent', 'user') and s.state in ('connected', 'parked') and s.disconnected_time is null) as connected_users,
  (select pg_catalog.array_agg(distinct s.queue_id) from cdm_session s
    where s.conversation_id = c.conversation_id and s.queue_id is not null and s.disconnected_time is null) as queues
from cdm_conversation c
where c.calculated_status <> 'Ended';

comment on view cdm_report_open_conversations is 'The conversations that have not ended.';
comment on column cdm_report_open_conversations.conversation_id is 'The conversation.';
comment on column cdm_report_open_conversations.calculated_status is 'Its status.';
comment on column cdm_report_open_conversations.conversation_start is 'When Genesys created it.';
comment on column cdm_report_open_conversations.changed is 'When it changed last.';
comment on column cdm_report_open_conversations.originating_direction is 'inbound or outbound.';
comment on column cdm_report_open_conversations.address is 'The address of the customer.';
comment on column cdm_report_open_conversations.attributes is 'What the host set for it.';
comment on column cdm_report_open_conversations.media_types is 'Its media.';
comment on column cdm_report_open_conversations.connected_users is 'Genesys user ids of the agents who are connected.';
comment on column cdm_report_open_conversations.queues is 'Queues of the legs that are not over.';

create view cdm_report_parked as
select 'delivery' as kind, d.conversation_id, d.hook, d.event_id, e.type, e.time, d.attempts, d.error, d.stack, d.failed_at, d.event_id || ':' || d.hook as id
from cdm_delivery d
join cdm_event e on e.conversation_id = d.conversation_id and e.seq = d.seq
where d.state = 'parked'
union all
select 'change', c.conversation_id, c.refused_by, c.refused ->> 'eventId'::text, c.refused ->> 'eventType'::text, null, (c.refused ->> 'attempts'::text)::bigint,
  c.refused ->> 'error'::text, c.refused ->> 'stack'::text, c.refused_at, c.conversation_id
from cdm_conversation c
where c.refused_at is not null;

comment on view cdm_report_parked is 'What waits for a person: deliveries whose tries are used up, and changes that a Before hook refused.';
comment on column cdm_report_parked.kind is 'delivery or change.';
comment on column cdm_report_parked.conversation_id is 'The conversation.';
comment on column cdm_report_parked.hook is 'The hook that failed.';
comment on column cdm_report_parked.event_id is 'The event that it failed on.';
comment on column cdm_report_parked.type is 'Its type.';
comment on column cdm_report_parked.time is 'When it happened; null for a change, whose event is not logged.';
comment on column cdm_report_parked.attempts is 'How often the hook has failed.';
comment on column cdm_report_parked.error is 'Its last error.';
comment on column cdm_report_parked.stack is 'Where it panicked.';
comment on column cdm_report_parked.failed_at is 'When it failed last.';
comment on column cdm_report_parked.id is 'With the kind and a colon before it: the id for Unpark.';

insert into cdm_migration (number, name) values (3, '0003_reports');
