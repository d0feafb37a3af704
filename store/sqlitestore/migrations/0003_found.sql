-- What conversations are found by: who the customer is, and who and what has it
-- now. The columns of what is there are filled in by the program that opens the file next.

ALTER TABLE cdm_conversation ADD COLUMN customer_address TEXT;
ALTER TABLE cdm_conversation ADD COLUMN present_user_ids TEXT;
ALTER TABLE cdm_conversation ADD COLUMN present_queue_ids TEXT;

CREATE INDEX cdm_conversation_customer ON cdm_conversation (customer_address) WHERE customer_address IS NOT NULL;

INSERT INTO cdm_value (name, version, value) SELECT 'sqlitestore/refill', 1, x'' WHERE EXISTS (SELECT 1 FROM cdm_conversation);

INSERT INTO cdm_migration (number, name, applied) VALUES (3, '0003_found', strftime('%s', 'now') * 1000000);
