-- The second factor of a member: the sealed secret of its app, which counts once the member has one since a time, and recovery codes.
CREATE TABLE second_factors (
    member_id BLOB NOT NULL PRIMARY KEY REFERENCES members (id),
    secret BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_step BIGINT,
    wrong_codes INTEGER NOT NULL,
    last_wrong_at TIMESTAMP
);
CREATE TABLE recovery_codes (
    member_id BLOB NOT NULL REFERENCES members (id),
    hash BLOB NOT NULL,
    PRIMARY KEY (member_id, hash)
);
ALTER TABLE members ADD COLUMN second_factor_since TIMESTAMP;
ALTER TABLE accounts ADD COLUMN second_factor_required BOOLEAN NOT NULL DEFAULT FALSE;
