-- A change of address also needs the consent of whoever has the old one, or a pause in which they are told. What was
-- pending without it is forgotten: it has to be requested again.
DELETE FROM email_changes;
ALTER TABLE email_changes ADD COLUMN consent_hash BLOB;
ALTER TABLE email_changes ADD COLUMN consented_at TIMESTAMP;
ALTER TABLE email_changes ADD COLUMN confirmed_at TIMESTAMP;
ALTER TABLE email_changes ADD COLUMN not_before TIMESTAMP;
CREATE UNIQUE INDEX email_changes_by_consent ON email_changes (consent_hash);
