-- Tombstones of conversations that were forgotten. The digest is half of the
-- SHA-256 of the id, in hexadecimal; nothing else is left of them.

CREATE TABLE cdm_forgotten (
  digest TEXT NOT NULL,
  forgotten_at INTEGER NOT NULL,
  PRIMARY KEY (digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX cdm_forgotten_at ON cdm_forgotten (forgotten_at);
CREATE INDEX cdm_conversation_vetoed ON cdm_conversation (changed) WHERE vetoed IS NOT NULL;

INSERT INTO cdm_migration (number, name, applied) VALUES (4, '0004_forgotten', strftime('%s', 'now') * 1000000);
