-- What a leg asks of routing: live messages state it of each leg. In rows that are
-- not written again it stays in more.

ALTER TABLE cdm_session ADD COLUMN requested_routing_skill_ids TEXT;
ALTER TABLE cdm_session ADD COLUMN requested_language_id TEXT;
ALTER TABLE cdm_session ADD COLUMN routing_priority INTEGER;

INSERT INTO cdm_migration (number, name, applied) VALUES (7, '0007_routing', strftime('%s', 'now') * 1000000);
