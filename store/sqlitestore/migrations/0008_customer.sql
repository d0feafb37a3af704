-- The organisation's own address is not the customer's in any spelling. What conversations
-- are found by is filled in again by the program that opens the file next.

INSERT OR IGNORE INTO cdm_value (name, version, value) SELECT 'sqlitestore/refill', 1, x'' WHERE EXISTS (SELECT 1 FROM cdm_conversation);

INSERT INTO cdm_migration (number, name, applied) VALUES (8, '0008_customer', strftime('%s', 'now') * 1000000);
