-- Who caused an e-mail that its recipient may not expect, and the SHA-256 of the recipient's address: such mail is limited.
ALTER TABLE outbox ADD COLUMN recipient_hash BLOB;
ALTER TABLE outbox ADD COLUMN sender_id BLOB;
-- When the sender's next e-mail may follow, if it is not one of the first.
ALTER TABLE outbox ADD COLUMN next_at TIMESTAMP;
CREATE INDEX outbox_by_recipient ON outbox (recipient_hash, created_at) WHERE recipient_hash IS NOT NULL;
CREATE INDEX outbox_by_sender ON outbox (sender_id, next_at) WHERE sender_id IS NOT NULL;
