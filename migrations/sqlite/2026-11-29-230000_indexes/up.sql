-- A search for a whole name or billing reference is answered from an ordinary index, however many accounts there are.
CREATE INDEX accounts_by_name ON accounts (name, id);
CREATE INDEX accounts_by_billing_reference ON accounts (billing_reference, id) WHERE billing_reference IS NOT NULL;
-- Rows are added in the order of their age, so the oldest are found without an index.
DROP INDEX idempotency_keys_by_age;
-- The only message of an account that is ever withdrawn as such is the one with its activation link, which names it.
DROP INDEX outbox_by_account;
