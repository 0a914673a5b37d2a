ALTER TABLE accounts DROP COLUMN second_factor_decided;
ALTER TABLE members DROP COLUMN password_is_temporary;
