ALTER TABLE direct_routings DROP COLUMN permissions;
