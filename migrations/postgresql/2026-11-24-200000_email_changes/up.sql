-- Addresses of accounts and of their members that are to become others, once somebody at the new one has confirmed that.
CREATE TABLE email_changes (
    account_id uuid NOT NULL REFERENCES accounts (id),
    old_canonical text NOT NULL,
    email text NOT NULL,
    token_hash bytea NOT NULL,
    message_id uuid NOT NULL REFERENCES outbox (id),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    PRIMARY KEY (account_id, old_canonical)
);
CREATE UNIQUE INDEX email_changes_by_token ON email_changes (token_hash);
