-- Who the customer is: what Conversation.Customer of the library says, as a
-- view, and comments that took the organisation's own address for the customer's.
-- Literals have their type, so that no operator of somebody else fits better.

create view cdm_report_customer with (security_barrier = true) as
with customer as (
  select distinct on (p.conversation_id) p.conversation_id, p.participant_id, p.participant_name, p.external_contact_id, p.external_organization_id,
    c.originating_direction, nullif(p.address, c.address) as address,
    case c.originating_direction when 'inbound'::text then p.ani when 'outbound'::text then p.dnis end as number
  from cdm_participant p
  join cdm_conversation c on c.conversation_id = p.conversation_id
  where p.purpose in ('customer'::text, 'external'::text)
  order by p.conversation_id, p.purpose, p.start_time nulls last, p.participant_id
), leg as (
  select s.*, coalesce(s.direction, u.originating_direction) as seen,
    row_number() over (partition by s.conversation_id order by s.start_time nulls last, s.session_id) as place
  from cdm_session s
  join customer u on u.conversation_id = s.conversation_id and u.participant_id = s.participant_id
  where not (s.flattened and exists (
    select from cdm_session o
    where o.conversation_id = s.conversation_id and o.participant_id = s.participant_id
      and o.media_type is not distinct from s.media_type and not o.flattened))
), said as (
  select u.conversation_id, l.session_id, l.flattened, 1 as step, 1::bigint as place, 1::bigint as nth, u.address as stated
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
  select distinct on (conversation_id) conversation_id, case when not flattened then session_id end as session_id, address, stated, withheld
  from heard
  where address is not null or withheld
  order by conversation_id, address is null, step, place, nth
)
select u.conversation_id, u.participant_id, a.session_id, a.address, coalesce(a.withheld, false) as withheld, a.stated,
  coalesce(u.participant_name, (
    select l.more ->> 'callbackUserName'::text from leg l
    where l.conversation_id = u.conversation_id and l.more ->> 'callbackUserName'::text is not null
    order by l.place limit 1)) as name,
  u.external_contact_id, u.external_organization_id
from customer u
left join answer a on a.conversation_id = u.conversation_id;

comment on view cdm_report_customer is 'Who the customer of each conversation is, as far as Genesys has said it; what Conversation.Customer of the library says.';
comment on column cdm_report_customer.conversation_id is 'The conversation.';
comment on column cdm_report_customer.participant_id is 'The participant that is the customer.';
comment on column cdm_report_customer.session_id is 'The session that says the address; the customer''s first one when the participant says it.';
comment on column cdm_report_customer.address is 'Where the customer calls or writes from, or is called or written to, in one spelling; null while it is not known, and when it is withheld.';
comment on column cdm_report_customer.withheld is 'Whether the number is withheld: then it will not be known later.';
comment on column cdm_report_customer.stated is 'The address as Genesys writes it.';
comment on column cdm_report_customer.name is 'The name that Genesys gives the customer; of a call often only a place.';
comment on column cdm_report_customer.external_contact_id is 'Genesys external contact.';
comment on column cdm_report_customer.external_organization_id is 'Genesys external organization.';

comment on column cdm_conversation.address is 'The organisation''s own address: the number that was dialled, or that an outbound call shows. The customer''s is in cdm_report_customer.';
comment on column cdm_report_open_conversations.address is 'The organisation''s own address; the customer''s is in cdm_report_customer.';
comment on column cdm_session.ani is 'Who calls: the customer in inbound calls, the organisation in outbound ones.';
comment on column cdm_session.dnis is 'Who is called.';

insert into cdm_migration (number, name) values (5, '0005_customer');
