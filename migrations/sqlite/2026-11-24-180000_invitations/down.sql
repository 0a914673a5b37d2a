DROP TABLE invitations;
DELETE FROM members WHERE joined_at IS NULL;
ALTER TABLE members DROP COLUMN version;
ALTER TABLE members DROP COLUMN joined_at;
