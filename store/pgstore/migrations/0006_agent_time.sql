-- What one person does at the same time in several sessions counts once: as
-- hold before talk, then dialing, then after-call work. Who only watches works
-- on nothing, by whichever sign.
-- Of a leg with segments only those with an end count. How a leg went on whose
-- segments were read before it ended, AgentTimes of the library tells: that takes
-- when a snapshot last showed the leg, which no column has.
-- Literals have their type, so that no operator of somebody else fits better.

create or replace view cdm_report_agent_time with (security_barrier = true) as
with leg as (
  select s.conversation_id, s.session_id, p.user_id,
    s.was_connected or s.state in ('connected'::text, 'parked'::text) or s.connected_time is not null as answered,
    s.connected_time,
    case
      when s.disconnected_time is not null then s.disconnected_time
      when least(s.start_time, s.connected_time) <= l.end_time then l.end_time
      when s.state in ('disconnected'::text, 'terminated'::text) then null
      when least(s.start_time, s.connected_time) <= c.recorded_end then c.recorded_end
    end as ended,
    interval '1 ms' * coalesce(s.held_duration_ms, 0)::double precision as held,
    interval '1 ms' * (coalesce(s.dialing_duration_ms, 0) + coalesce((s.more ->> 'contactingDurationMs'::text)::bigint, 0))::double precision as dialed,
    s.start_acw_time, s.end_acw_time,
    interval '1 ms' * coalesce(s.wrap_up_duration_ms, 0)::double precision as wrapped_up,
    g.*
  from cdm_session s
  join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
  join cdm_conversation c on c.conversation_id = s.conversation_id
  left join cdm_participant l on l.conversation_id = s.conversation_id and l.participant_id = coalesce(s.live_participant_id, s.participant_id)
  cross join lateral (
    select count(*) as segments, coalesce(bool_or(y.segment_type = 'wrapup'::text), false) as wrapups,
      coalesce(bool_or(y.segment_type ~* 'monitor|coach|barg|whisper'::text) and not bool_or(y.segment_type in ('interact'::text, 'hold'::text)), false) as listens
    from cdm_segment y
    where y.conversation_id = s.conversation_id and y.session_id = s.session_id
  ) g
  where p.purpose in ('agent'::text, 'user'::text) and p.user_id is not null
    and (p.more ->> 'supervises'::text) is null and (s.more ->> 'supervises'::text) is null and coalesce(s.media_type, ''::text) !~* 'monitor|coach|barg|whisper'::text
    and (p.more ->> 'monitoredParticipantId'::text) is null and (p.more ->> 'coachedParticipantId'::text) is null and (p.more ->> 'bargedParticipantId'::text) is null
    and (s.more ->> 'monitoredParticipantId'::text) is null and (s.more ->> 'coachedParticipantId'::text) is null and (s.more ->> 'bargedParticipantId'::text) is null
    and not (s.flattened and exists (
      select from cdm_session o
      where o.conversation_id = s.conversation_id and o.participant_id = s.participant_id
        and o.media_type is not distinct from s.media_type and not o.flattened))
), worker as (
  select * from leg where not listens
), piece as (
  select w.conversation_id, w.user_id,
    case
      when y.segment_type in ('interact'::text, 'callback'::text, 'sharing'::text, 'transmitting'::text) then 'talk'::text
      when y.segment_type in ('dialing'::text, 'contacting'::text) then 'dialing'::text
      else y.segment_type
    end as kind, y.segment_start as began, y.segment_end as ended
  from worker w
  join cdm_segment y on y.conversation_id = w.conversation_id and y.session_id = w.session_id
  where y.segment_type in ('interact'::text, 'callback'::text, 'sharing'::text, 'transmitting'::text, 'hold'::text, 'wrapup'::text, 'dialing'::text, 'contacting'::text)
  union all
  select conversation_id, user_id, 'wrapup'::text,
    case when end_acw_time > start_acw_time then start_acw_time else ended end,
    case when end_acw_time > start_acw_time then end_acw_time else ended + wrapped_up end
  from worker where not wrapups
  union all
  select conversation_id, user_id, 'dialing'::text, connected_time - dialed, connected_time from worker where segments = 0
  union all
  select conversation_id, user_id, 'talk'::text, connected_time, ended - least(held, ended - connected_time)
  from worker where segments = 0 and answered and ended > connected_time
  union all
  select conversation_id, user_id, 'hold'::text, ended - least(held, ended - connected_time), ended
  from worker where segments = 0 and answered and ended > connected_time
), done as (
  select conversation_id, user_id,
    coalesce(range_agg(tstzrange(began, ended)) filter (where kind = 'talk'::text), '{}'::tstzmultirange) as talk,
    coalesce(range_agg(tstzrange(began, ended)) filter (where kind = 'hold'::text), '{}'::tstzmultirange) as hold,
    coalesce(range_agg(tstzrange(began, ended)) filter (where kind = 'wrapup'::text), '{}'::tstzmultirange) as wrapup,
    coalesce(range_agg(tstzrange(began, ended)) filter (where kind = 'dialing'::text), '{}'::tstzmultirange) as dialing
  from piece
  where ended > began
  group by conversation_id, user_id
), person as (
  select conversation_id, user_id, count(*) as sessions, bool_or(answered) as answered,
    coalesce(sum(wrapped_up) filter (where not wrapups and ended is null and (end_acw_time > start_acw_time) is not true), interval '0') as more_wrap_up,
    coalesce(sum(dialed) filter (where segments = 0 and connected_time is null), interval '0') as more_dialing
  from worker
  group by conversation_id, user_id
)
select p.conversation_id, p.user_id, p.sessions, p.answered, t.connected, t.hold, t.wrap_up + p.more_wrap_up as wrap_up,
  t.connected + t.hold + t.wrap_up + p.more_wrap_up + t.dialing + p.more_dialing as handle
from person p
left join done d on d.conversation_id = p.conversation_id and d.user_id = p.user_id
cross join lateral (
  select
    coalesce((select sum(upper(x) - lower(x)) from unnest(d.hold) x), interval '0') as hold,
    coalesce((select sum(upper(x) - lower(x)) from unnest(d.talk - d.hold) x), interval '0') as connected,
    coalesce((select sum(upper(x) - lower(x)) from unnest(d.dialing - d.talk - d.hold) x), interval '0') as dialing,
    coalesce((select sum(upper(x) - lower(x)) from unnest(d.wrapup - d.dialing - d.talk - d.hold) x), interval '0') as wrap_up
) t;

comment on view cdm_report_agent_time is 'How long each agent worked on each conversation, over all sessions; what one does at the same time in several counts once. Alerting does not count, nor does what is still under way; of a leg with segments only those with an end count.';

insert into cdm_migration (number, name) values (6, '0006_agent_time');
