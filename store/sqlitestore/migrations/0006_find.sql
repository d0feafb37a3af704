-- Whoever looks for a person looks into all facts that hooks have kept aside, also
-- those that wait for no decision.

CREATE INDEX cdm_conversation_aside ON cdm_conversation (conversation_id) WHERE refused IS NOT NULL;

INSERT INTO cdm_migration (number, name, applied) VALUES (6, '0006_find', strftime('%s', 'now') * 1000000);
