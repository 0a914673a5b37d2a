-- What a stored answer is about and which role its caller had: whoever can't see the account any more, or has a lesser
-- role, doesn't get it again.
ALTER TABLE idempotency_keys ADD COLUMN account_id BLOB;
ALTER TABLE idempotency_keys ADD COLUMN role TEXT;
