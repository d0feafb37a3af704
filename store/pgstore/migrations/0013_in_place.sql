-- The server updates a row in its place, without an entry in any index, only when
-- no index names a column that the update changes, in its condition neither. The
-- provenance changes with each update; whether a row is a tombstone never does.

drop index cdm_conversation_start;
drop index cdm_conversation_changed;
create index cdm_conversation_start on cdm_conversation (conversation_start, conversation_id) where vetoed is null;
create index cdm_conversation_changed on cdm_conversation (changed_slot) where vetoed is null;

insert into cdm_migration (number, name) values (13, '0013_in_place');
