-- The programs that sign in to an account (R9). One that was revoked stays, because events name it.
CREATE TABLE api_clients (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'provisioner', 'billing', 'viewer')),
    allowed_networks text NOT NULL,
    expires_at timestamp,
    last_used_at timestamp,
    version bigint NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    revoked_at timestamp
);
CREATE INDEX api_clients_by_account ON api_clients (account_id, id) WHERE revoked_at IS NULL;

-- Only hashes: a copy of this table opens nothing. A client has one secret, or two while they are being exchanged.
CREATE TABLE api_client_secrets (
    id uuid PRIMARY KEY NOT NULL,
    client_id uuid NOT NULL REFERENCES api_clients (id),
    hash bytea NOT NULL,
    hint text NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp
);
CREATE UNIQUE INDEX api_client_secrets_by_hash ON api_client_secrets (hash);
CREATE INDEX api_client_secrets_by_client ON api_client_secrets (client_id, id);

-- Programs of staff decide, too.
ALTER TABLE support_tickets ADD COLUMN decided_by_client uuid REFERENCES api_clients (id);
