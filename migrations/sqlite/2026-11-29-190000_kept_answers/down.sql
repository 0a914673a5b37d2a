ALTER TABLE idempotency_keys DROP COLUMN role;
ALTER TABLE idempotency_keys DROP COLUMN account_id;
