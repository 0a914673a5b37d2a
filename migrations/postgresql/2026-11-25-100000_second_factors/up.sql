-- The second factor of a member: the sealed secret of its app, which counts once the member has one since a time, and recovery codes.
CREATE TABLE second_factors (
    member_id uuid NOT NULL PRIMARY KEY REFERENCES members (id),
    secret bytea NOT NULL,
    created_at timestamp NOT NULL,
    last_step bigint,
    wrong_codes integer NOT NULL,
    last_wrong_at timestamp
);
CREATE TABLE recovery_codes (
    member_id uuid NOT NULL REFERENCES members (id),
    hash bytea NOT NULL,
    PRIMARY KEY (member_id, hash)
);
ALTER TABLE members ADD COLUMN second_factor_since timestamp;
ALTER TABLE accounts ADD COLUMN second_factor_required boolean NOT NULL DEFAULT FALSE;
