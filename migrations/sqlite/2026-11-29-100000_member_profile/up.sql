-- The name that a member goes by and the language that it prefers, both optional.
ALTER TABLE members ADD COLUMN name TEXT;
ALTER TABLE members ADD COLUMN language TEXT;
