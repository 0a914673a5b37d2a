-- The programs that sign in to an account (R9). One that was revoked stays, because events name it.
CREATE TABLE api_clients (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'provisioner', 'billing', 'viewer')),
    allowed_networks TEXT NOT NULL,
    expires_at TIMESTAMP,
    last_used_at TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX api_clients_by_account ON api_clients (account_id, id) WHERE revoked_at IS NULL;

-- Only hashes: a copy of this table opens nothing. A client has one secret, or two while they are being exchanged.
CREATE TABLE api_client_secrets (
    id BLOB PRIMARY KEY NOT NULL,
    client_id BLOB NOT NULL REFERENCES api_clients (id),
    hash BLOB NOT NULL,
    hint TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE UNIQUE INDEX api_client_secrets_by_hash ON api_client_secrets (hash);
CREATE INDEX api_client_secrets_by_client ON api_client_secrets (client_id, id);

-- Programs of staff decide, too.
ALTER TABLE support_tickets ADD COLUMN decided_by_client BLOB REFERENCES api_clients (id);
