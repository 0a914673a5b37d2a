CREATE INDEX outbox_by_account ON outbox (account_id);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
DROP INDEX accounts_by_billing_reference;
DROP INDEX accounts_by_name;
