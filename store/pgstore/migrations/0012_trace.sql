-- In which trace an event was committed, so that whoever delivers it goes on with
-- it. A program that still runs leaves it out.

alter table cdm_delivery add column trace text;

comment on column cdm_delivery.trace is 'The trace that the event was committed in, as a traceparent of W3C Trace Context; null in most rows: it is not traced.';

create type cdm_delivery_row_2 as (
  conversation_id text,
  hook text,
  seq bigint,
  event_id text,
  claimed boolean,
  trace text
);

insert into cdm_migration (number, name) values (12, '0012_trace');
