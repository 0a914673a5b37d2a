-- All tiers of the tree in one table (S8). `master_reseller_id` and `reseller_id` name the ancestors of an account
-- and, on a master reseller or reseller itself, the account: so a subtree is one comparison of one column (R8).
CREATE TABLE accounts (
    id BLOB PRIMARY KEY NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('platform', 'master_reseller', 'reseller', 'enterprise')),
    master_reseller_id BLOB REFERENCES accounts (id),
    reseller_id BLOB REFERENCES accounts (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    billing_reference TEXT,
    service_pbx BOOLEAN NOT NULL,
    service_trunk BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
    search_text TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    activated_at TIMESTAMP,
    closed_at TIMESTAMP,
    CHECK (service_pbx OR service_trunk),
    CHECK (tier <> 'reseller' OR billing_reference IS NOT NULL)
) WITHOUT ROWID;
CREATE INDEX accounts_by_tier ON accounts (tier, id);
CREATE INDEX accounts_by_master_reseller ON accounts (master_reseller_id, tier, id);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, tier, id);

-- Who has an address, over all tiers: the one index that makes R1 hold. A row goes when its account closes.
CREATE TABLE email_addresses (
    canonical TEXT PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id)
) WITHOUT ROWID;
CREATE INDEX email_addresses_by_account ON email_addresses (account_id);

CREATE TABLE members (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    email TEXT NOT NULL,
    email_canonical TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'provisioner', 'billing', 'viewer')),
    password_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP
) WITHOUT ROWID;
CREATE UNIQUE INDEX members_by_email ON members (email_canonical) WHERE removed_at IS NULL;
CREATE INDEX members_by_account ON members (account_id);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    member_id BLOB NOT NULL REFERENCES members (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
) WITHOUT ROWID;
CREATE INDEX sessions_by_member ON sessions (member_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Only hashes: a copy of this table opens nothing. `successor_salt` makes the same successor again from the token
-- itself, for the client whose answer was lost.
CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY NOT NULL,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    successor_salt BLOB
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- What leaves the service after the commit (S5). The payload is sealed, because a link in it opens a door, and goes
-- once it is delivered.
CREATE TABLE outbox (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    state TEXT NOT NULL CHECK (state IN ('queued', 'retrying', 'sent', 'failed')),
    payload BLOB,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('queued', 'retrying');
CREATE INDEX outbox_by_account ON outbox (account_id);

-- The one live activation link of an account (R3).
CREATE TABLE activations (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    token_hash BLOB NOT NULL,
    message_id BLOB NOT NULL REFERENCES outbox (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
) WITHOUT ROWID;
CREATE UNIQUE INDEX activations_by_token ON activations (token_hash);

CREATE TABLE password_resets (
    member_id BLOB PRIMARY KEY NOT NULL REFERENCES members (id),
    token_hash BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX password_resets_by_token ON password_resets (token_hash);

CREATE TABLE support_tickets (
    id BLOB PRIMARY KEY NOT NULL,
    subject TEXT NOT NULL,
    partner_company_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_canonical TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'approved', 'rejected')),
    rejection_reason TEXT,
    master_reseller_id BLOB REFERENCES accounts (id),
    decided_by BLOB REFERENCES members (id),
    decided_at TIMESTAMP,
    search_text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((status = 'rejected') = (rejection_reason IS NOT NULL)),
    CHECK ((status = 'approved') = (master_reseller_id IS NOT NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX support_tickets_open_by_email ON support_tickets (email_canonical) WHERE status = 'open';
CREATE INDEX support_tickets_by_status ON support_tickets (status, id);

-- What happened, in the transaction in which it happened (R16).
CREATE TABLE events (
    id BLOB PRIMARY KEY NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('member', 'client', 'anonymous', 'system')),
    actor_id BLOB,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id BLOB REFERENCES accounts (id),
    before TEXT,
    after TEXT,
    request_id TEXT NOT NULL,
    source_address TEXT
) WITHOUT ROWID;

-- First answers, so that a repeated request is not carried out again (W5).
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status SMALLINT NOT NULL,
    location TEXT,
    etag TEXT,
    body BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (caller, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
