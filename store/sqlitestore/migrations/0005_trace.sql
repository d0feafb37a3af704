-- In which trace an event was committed, as a traceparent of W3C Trace Context, so
-- that whoever delivers it goes on with it.

ALTER TABLE cdm_delivery ADD COLUMN trace TEXT;
