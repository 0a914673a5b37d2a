DROP INDEX outbox_by_sender;
DROP INDEX outbox_by_recipient;
ALTER TABLE outbox DROP COLUMN next_at;
ALTER TABLE outbox DROP COLUMN sender_id;
ALTER TABLE outbox DROP COLUMN recipient_hash;
