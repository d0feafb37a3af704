-- "Parked" is Genesys's word for an e-mail that an agent has put away: what hooks
-- have failed on is called failed. The state in cdm_delivery keeps its value, so
-- that processes of the version before go on while this one starts.

alter view if exists cdm_report_parked rename to cdm_report_failed;

do $$
begin
  if to_regclass('cdm_report_failed'::text) is not null then
    comment on view cdm_report_failed is 'What hooks have failed on: deliveries whose tries are used up, and changes that a Before hook refused.';
    comment on column cdm_report_failed.id is 'With the kind and a colon before it: the id for Retry and Skip.';
  end if;
end $$;

comment on column cdm_delivery.state is 'waiting: for its turn or next try; claimed: a process has it; parked: it has failed, its tries are used up; skipped: by hand.';

insert into cdm_migration (number, name) values (8, '0008_failed');
