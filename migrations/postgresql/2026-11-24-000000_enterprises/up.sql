-- What only an enterprise has (R10), beside its row in `accounts`.
CREATE TABLE enterprises (
    account_id uuid PRIMARY KEY NOT NULL REFERENCES accounts (id),
    country TEXT NOT NULL CHECK (length(country) = 2),
    user_limit INTEGER CHECK (user_limit >= 0),
    pbx_music_on_hold BOOLEAN NOT NULL,
    access_sip_data BOOLEAN NOT NULL,
    request_management_consent BOOLEAN NOT NULL,
    can_add_extensions BOOLEAN NOT NULL,
    allow_external_numbers BOOLEAN NOT NULL
);
CREATE INDEX enterprises_by_country ON enterprises (country, account_id);

-- The regions whose SBCs connect an enterprise. Which regions there are is configuration.
CREATE TABLE enterprise_sbc_regions (
    account_id uuid NOT NULL REFERENCES enterprises (account_id),
    region TEXT NOT NULL,
    PRIMARY KEY (account_id, region)
);
CREATE INDEX enterprise_sbc_regions_by_region ON enterprise_sbc_regions (region, account_id);

-- Enterprises that are there already came from `teammate demo`.
INSERT INTO enterprises
SELECT id, 'DE', NULL, FALSE, FALSE, FALSE, FALSE, FALSE FROM accounts WHERE tier = 'enterprise';
INSERT INTO enterprise_sbc_regions SELECT account_id, 'emea' FROM enterprises;
