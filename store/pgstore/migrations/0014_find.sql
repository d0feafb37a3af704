-- An entry of a btree has 2704 bytes at the most, and a customer's address may
-- be longer: such a conversation could not be stored. A hash of it has the same
-- use, as addresses are only compared. Whoever looks for a person looks into all
-- facts that hooks have kept aside, also those that wait for no decision.

drop index cdm_conversation_customer;
create index cdm_conversation_customer on cdm_conversation using hash (customer_address) where customer_address is not null;
create index cdm_conversation_aside on cdm_conversation (conversation_id) where refused is not null;

insert into cdm_migration (number, name) values (14, '0014_find');
