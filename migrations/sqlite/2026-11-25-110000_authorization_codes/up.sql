-- Codes that a sign-in page gave and that have not been exchanged for tokens (RFC 6749 section 4.1).
CREATE TABLE authorization_codes (
    hash BLOB NOT NULL PRIMARY KEY,
    member_id BLOB NOT NULL REFERENCES members (id),
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
