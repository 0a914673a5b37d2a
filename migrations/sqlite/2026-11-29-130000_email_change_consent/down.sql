DROP INDEX email_changes_by_consent;
ALTER TABLE email_changes DROP COLUMN not_before;
ALTER TABLE email_changes DROP COLUMN confirmed_at;
ALTER TABLE email_changes DROP COLUMN consented_at;
ALTER TABLE email_changes DROP COLUMN consent_hash;
