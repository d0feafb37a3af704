-- The inbox: what processes hear of conversations that others look after.

CREATE TABLE cdm_inbox (
  conversation_id TEXT NOT NULL,
  key TEXT NOT NULL,
  owner TEXT NOT NULL,
  heard_at INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (conversation_id, key)
) STRICT;

CREATE INDEX cdm_inbox_owner ON cdm_inbox (owner, heard_at);

CREATE TRIGGER cdm_inbox_forgotten AFTER DELETE ON cdm_conversation BEGIN
  DELETE FROM cdm_inbox WHERE conversation_id = OLD.conversation_id;
END;

INSERT INTO cdm_migration (number, name, applied) VALUES (2, '0002_inbox', strftime('%s', 'now') * 1000000);
