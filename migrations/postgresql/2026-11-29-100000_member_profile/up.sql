-- The display name and the preferred language of a member, both optional.
ALTER TABLE members ADD COLUMN name text;
ALTER TABLE members ADD COLUMN language text;
