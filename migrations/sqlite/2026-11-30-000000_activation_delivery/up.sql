-- What became of the e-mail with the link. Every account shows it, so it is kept where the link is.
ALTER TABLE activations ADD COLUMN delivery TEXT NOT NULL DEFAULT 'queued'
    CHECK (delivery IN ('queued', 'retrying', 'sent', 'failed'));
ALTER TABLE activations ADD COLUMN sent_at TIMESTAMP;
UPDATE activations SET
    delivery = (SELECT state FROM outbox WHERE outbox.id = activations.message_id),
    sent_at = (SELECT outbox.sent_at FROM outbox WHERE outbox.id = activations.message_id);
