-- Codes that a sign-in page gave and that have not been exchanged for tokens (RFC 6749 section 4.1).
CREATE TABLE authorization_codes (
    hash bytea NOT NULL PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members (id),
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    expires_at timestamp NOT NULL
);
