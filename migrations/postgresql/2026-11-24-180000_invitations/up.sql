-- A member who was invited has no password until it joins: `password_hash` is empty until then.
ALTER TABLE members ADD COLUMN joined_at timestamp;
ALTER TABLE members ADD COLUMN version bigint NOT NULL DEFAULT 1;
UPDATE members SET joined_at = created_at;

-- The one live invitation of a member who has not joined yet (R9).
CREATE TABLE invitations (
    member_id uuid PRIMARY KEY NOT NULL REFERENCES members (id),
    token_hash bytea NOT NULL,
    message_id uuid NOT NULL REFERENCES outbox (id),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE UNIQUE INDEX invitations_by_token ON invitations (token_hash);
