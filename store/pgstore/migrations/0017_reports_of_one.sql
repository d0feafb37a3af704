-- Reports that are asked about one conversation read that one. A query that names its
-- parts and uses some of them several times works each of them out for all
-- conversations first, so each part is one of a conversation.

create or replace view cdm_report_agent_time with (security_barrier = true) as
select whole.conversation_id, r.user_id, r.sessions, r.answered, r.connected, r.hold, r.wrap_up, r.handle
from cdm_conversation whole
cross join lateral (
  with leg as (
    select s.conversation_id, s.session_id, p.user_id,
      s.was_connected or s.state in ('connected'::text, 'parked'::text) or s.connected_time is not null as answered,
      s.connected_time,
      case
        when s.disconnected_time is not null then s.disconnected_time
        when least(s.start_time, s.connected_time) <= l.end_time then l.end_time
        when s.state in ('disconnected'::text, 'terminated'::text) then null
        when least(s.start_time, s.connected_time) <= whole.recorded_end then whole.recorded_end
      end as ended,
      interval '1 ms' * coalesce(s.held_duration_ms, 0)::double precision as held,
      interval '1 ms' * (coalesce(s.dialing_duration_ms, 0) + coalesce((s.more ->> 'contactingDurationMs'::text)::bigint, 0))::double precision as dialed,
      s.start_acw_time, s.end_acw_time,
      interval '1 ms' * coalesce(s.wrap_up_duration_ms, 0)::double precision as wrapped_up, s.wrap_up_end_time,
      (s.more -> 'ends'::text ->> -1)::timestamptz as last_end,
      g.segments, g.wrapups, case when g.watches then not g.talks else m.watches and not m.talks end as listens
    from cdm_session s
    join cdm_participant p on p.conversation_id = s.conversation_id and p.participant_id = s.participant_id
    left join cdm_participant l on l.conversation_id = s.conversation_id and l.participant_id = coalesce(s.live_participant_id, s.participant_id)
    cross join lateral (
      select count(*) as segments, coalesce(bool_or(y.segment_type = 'wrapup'::text), false) as wrapups,
        coalesce(bool_or(y.segment_type ~* 'monitor|coach|barg|whisper'::text), false) as watches,
        coalesce(bool_or(y.segment_type in ('interact'::text, 'hold'::text)), false) as talks
      from cdm_segment y
      where y.conversation_id = s.conversation_id and y.session_id = s.session_id
    ) g
    cross join lateral (
      select coalesce(bool_or(n.name ~ '(Monitoring|Coaching|Barging|Whispering)(Complete)?$'::text), false) as watches,
        coalesce(bool_or(n.name in ('tTalk'::text, 'tTalkComplete'::text, 'tHeld'::text, 'tHeldComplete'::text)), false) as talks
      from cdm_metric n
      where n.conversation_id = s.conversation_id and n.session_id = s.session_id
    ) m
    where s.conversation_id = whole.conversation_id and p.purpose in ('agent'::text, 'user'::text) and p.user_id is not null
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
      case when end_acw_time > start_acw_time then start_acw_time else coalesce(ended, wrap_up_end_time - wrapped_up) end,
      case when end_acw_time > start_acw_time then end_acw_time else coalesce(ended + wrapped_up, wrap_up_end_time) end
    from worker where not wrapups
    union all
    select conversation_id, user_id, 'dialing'::text, coalesce(connected_time, ended, last_end) - dialed, coalesce(connected_time, ended, last_end) from worker where segments = 0
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
      coalesce(max(wrapped_up) filter (where not wrapups and coalesce(ended, wrap_up_end_time) is null and (end_acw_time > start_acw_time) is not true), interval '0') as some_wrap_up,
      coalesce(max(dialed) filter (where segments = 0 and coalesce(connected_time, ended, last_end) is null), interval '0') as some_dialing
    from worker
    group by conversation_id, user_id
  )
  select p.conversation_id, p.user_id, p.sessions, p.answered, t.connected, t.hold, greatest(t.wrap_up, p.some_wrap_up) as wrap_up,
    t.connected + t.hold + greatest(t.wrap_up, p.some_wrap_up) + greatest(t.dialing, p.some_dialing) as handle
  from person p
  left join done d on d.conversation_id = p.conversation_id and d.user_id = p.user_id
  cross join lateral (
    select
      coalesce((select sum(upper(x) - lower(x)) from unnest(d.hold) x), interval '0') as hold,
      coalesce((select sum(upper(x) - lower(x)) from unnest(d.talk - d.hold) x), interval '0') as connected,
      coalesce((select sum(upper(x) - lower(x)) from unnest(d.dialing - d.talk - d.hold) x), interval '0') as dialing,
      coalesce((select sum(upper(x) - lower(x)) from unnest(d.wrapup - d.dialing - d.talk - d.hold) x), interval '0') as wrap_up
  ) t
) r;
create or replace view cdm_report_customer with (security_barrier = true) as
select whole.conversation_id, r.participant_id, r.session_id, r.address, r.withheld, r.stated, r.name, r.external_contact_id, r.external_organization_id
from cdm_conversation whole
cross join lateral (
  with customer as (
    select distinct on (p.conversation_id) p.conversation_id, p.participant_id, p.participant_name, p.external_contact_id, p.external_organization_id,
      whole.originating_direction, p.address, whole.address as own,
      case whole.originating_direction when 'inbound'::text then p.ani when 'outbound'::text then p.dnis end as number
    from cdm_participant p
    where p.conversation_id = whole.conversation_id and p.purpose in ('customer'::text, 'external'::text)
    order by p.conversation_id, p.purpose, p.start_time nulls last, p.participant_id
  ), leg as (
    select s.*, coalesce(s.direction, u.originating_direction) as seen,
      row_number() over (partition by s.conversation_id order by s.start_time nulls last, s.session_id) as place
    from cdm_session s
    join customer u on u.conversation_id = s.conversation_id and u.participant_id = s.participant_id
    where s.conversation_id = whole.conversation_id and not (s.flattened and exists (
      select from cdm_session o
      where o.conversation_id = s.conversation_id and o.participant_id = s.participant_id
        and o.media_type is not distinct from s.media_type and not o.flattened))
  ), said as (
    select conversation_id, null::text as session_id, false as flattened, 0 as step, 1::bigint as place, 1::bigint as nth, own as stated
    from customer
    union all
    select u.conversation_id, l.session_id, l.flattened, 1, 1, 1, u.address
    from customer u left join leg l on l.conversation_id = u.conversation_id and l.place = 1
    union all
    select conversation_id, session_id, flattened, 2, place, 1,
      case seen when 'inbound'::text then coalesce(ani, address_from) when 'outbound'::text then coalesce(dnis, address_to) end
    from leg
    union all
    select u.conversation_id, l.session_id, l.flattened, 3, 1, 1, u.number
    from customer u left join leg l on l.conversation_id = u.conversation_id and l.place = 1
    union all
    select conversation_id, session_id, flattened, 4, place, 0, address_self
    from leg
    where media_type = 'voice'::text
    union all
    select l.conversation_id, l.session_id, l.flattened, 4, l.place, n.nth, n.number
    from leg l
    cross join lateral json_array_elements_text(l.more -> 'callbackNumbers'::text) with ordinality as n (number, nth)
  ), parts as (
    select a.*, b.scheme, b.rest like '%@%'::text as has_host,
      case when b.scheme is null then split_part(b.rest, '@'::text, 1) else regexp_replace(split_part(b.rest, '@'::text, 1), '[;?].*$'::text, ''::text) end as party,
      case when b.scheme is null then substring(b.rest from '@(.*)$'::text) else regexp_replace(substring(b.rest from '@(.*)$'::text), '[;?].*$'::text, ''::text) end as host
    from said a
    cross join lateral (
      select lower(substring(btrim(a.stated) from '^([A-Za-z]+):'::text)) as scheme, btrim(a.stated) as whole
    ) t
    cross join lateral (
      select case when t.scheme in ('tel'::text, 'sip'::text, 'sips'::text, 'mailto'::text) then t.scheme end as scheme,
        case when t.scheme in ('tel'::text, 'sip'::text, 'sips'::text, 'mailto'::text) then substr(t.whole, length(t.scheme) + 2) else t.whole end as rest
    ) b
    where a.stated is not null
  ), judged as (
    select x.*, y.mail, translate(x.party, ' -.()'::text, ''::text) as number,
      coalesce(lower(x.host) like '%.invalid'::text, false)
        or not y.mail and lower(x.party) in ('anonymous'::text, 'restricted'::text, 'withheld'::text, 'private'::text, 'blocked'::text, 'unavailable'::text) as withheld
    from parts x
    cross join lateral (select x.has_host and coalesce(x.scheme = 'mailto'::text, true) as mail) y
  ), heard as (
    select *, case
        when withheld or party = ''::text or lower(party) = 'unknown'::text and not mail then null
        when not mail and (scheme is not null or party like '+%'::text) and number ~ '^[+*#0-9]+$'::text and number ~ '[0-9]'::text then number
        when has_host then party || '@'::text || host
        else party
      end as address
    from judged
  ), answer as (
    select distinct on (h.conversation_id) h.conversation_id, case when not h.flattened then h.session_id end as session_id, h.address, h.stated, h.withheld
    from heard h
    left join heard o on o.conversation_id = h.conversation_id and o.step = 0
    where h.step > 0 and (h.address is not null or h.withheld)
      and (h.step > 1 or (lower(o.address collate pg_catalog."C") = lower(h.address collate pg_catalog."C")) is not true)
    order by h.conversation_id, h.address is null, h.step, h.place, h.nth
  )
  select u.conversation_id, u.participant_id, a.session_id, a.address, coalesce(a.withheld, false) as withheld, a.stated,
    coalesce(u.participant_name, (
      select l.more ->> 'callbackUserName'::text from leg l
      where l.conversation_id = u.conversation_id and l.more ->> 'callbackUserName'::text is not null
      order by l.place limit 1)) as name,
    u.external_contact_id, u.external_organization_id
  from customer u
  left join answer a on a.conversation_id = u.conversation_id
) r;

insert into cdm_migration (number, name) values (17, '0017_reports_of_one');
