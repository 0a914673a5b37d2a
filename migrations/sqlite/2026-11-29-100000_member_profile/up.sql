-- The display name and the preferred language of a member, both optional.
ALTER TABLE members ADD COLUMN name TEXT;
ALTER TABLE members ADD COLUMN language TEXT;
