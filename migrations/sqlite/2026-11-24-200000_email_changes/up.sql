-- Addresses of accounts and of their members that are to become others, once somebody at the new one has confirmed that.
CREATE TABLE email_changes (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    old_canonical TEXT NOT NULL,
    email TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    message_id BLOB NOT NULL REFERENCES outbox (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (account_id, old_canonical)
);
CREATE UNIQUE INDEX email_changes_by_token ON email_changes (token_hash);
