CREATE INDEX outbox_by_account ON outbox (account_id);
DROP INDEX accounts_by_billing_reference;
DROP INDEX accounts_by_name;
