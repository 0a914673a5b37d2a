-- The permissions that the service has in the tenant of an enterprise, as far as it knows; separated by blanks.
ALTER TABLE direct_routings ADD COLUMN permissions TEXT;
