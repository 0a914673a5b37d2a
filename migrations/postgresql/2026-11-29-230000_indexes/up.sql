-- A search for a whole name or billing reference is answered from an ordinary index, however many accounts there are.
CREATE INDEX accounts_by_name ON accounts (name, id);
CREATE INDEX accounts_by_billing_reference ON accounts (billing_reference, id) WHERE billing_reference IS NOT NULL;
-- The only message of an account that is ever withdrawn as such is the one with its activation link, which names it.
DROP INDEX outbox_by_account;
