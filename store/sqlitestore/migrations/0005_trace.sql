-- In which trace an event was committed, as a traceparent of W3C Trace Context, so
-- that whoever delivers it goes on with it.

ALTER TABLE cdm_delivery ADD COLUMN trace TEXT;

INSERT INTO cdm_migration (number, name, applied) VALUES (5, '0005_trace', strftime('%s', 'now') * 1000000);
