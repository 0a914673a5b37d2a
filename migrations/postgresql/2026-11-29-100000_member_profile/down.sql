ALTER TABLE members DROP COLUMN language;
ALTER TABLE members DROP COLUMN name;
