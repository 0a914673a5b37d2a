ALTER TABLE accounts DROP COLUMN second_factor_required;
ALTER TABLE members DROP COLUMN second_factor_since;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
