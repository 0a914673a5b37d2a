-- All tiers of the tree in one table (S8). `master_reseller_id` and `reseller_id` name the ancestors of an account
-- and, on a master reseller or reseller itself, the account: so a subtree is one comparison of one column (R8).
CREATE TABLE accounts (
    id uuid PRIMARY KEY NOT NULL,
    tier text NOT NULL CHECK (tier IN ('platform', 'master_reseller', 'reseller', 'enterprise')),
    master_reseller_id uuid REFERENCES accounts (id),
    reseller_id uuid REFERENCES accounts (id),
    name text NOT NULL,
    email text NOT NULL,
    billing_reference text,
    service_pbx boolean NOT NULL,
    service_trunk boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
    search_text text NOT NULL,
    version bigint NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    activated_at timestamp,
    closed_at timestamp,
    CHECK (service_pbx OR service_trunk),
    CHECK (tier <> 'reseller' OR billing_reference IS NOT NULL)
);
CREATE INDEX accounts_by_tier ON accounts (tier, id);
CREATE INDEX accounts_by_master_reseller ON accounts (master_reseller_id, tier, id);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, tier, id);

-- Who has an address, over all tiers: the one index that makes R1 hold. A row goes when its account closes.
CREATE TABLE email_addresses (
    canonical text PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id)
);
CREATE INDEX email_addresses_by_account ON email_addresses (account_id);

CREATE TABLE members (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    email text NOT NULL,
    email_canonical text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'provisioner', 'billing', 'viewer')),
    password_hash text NOT NULL,
    created_at timestamp NOT NULL,
    removed_at timestamp
);
CREATE UNIQUE INDEX members_by_email ON members (email_canonical) WHERE removed_at IS NULL;
CREATE INDEX members_by_account ON members (account_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY NOT NULL,
    member_id uuid NOT NULL REFERENCES members (id),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    ended_at timestamp
);
CREATE INDEX sessions_by_member ON sessions (member_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Only hashes: a copy of this table opens nothing. `successor_salt` makes the same successor again from the token
-- itself, for the client whose answer was lost.
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY NOT NULL,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL,
    used_at timestamp,
    successor_salt bytea
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- What leaves the service after the commit (S5). The payload is sealed, because a link in it opens a door, and goes
-- once it is delivered.
CREATE TABLE outbox (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    state text NOT NULL CHECK (state IN ('queued', 'retrying', 'sent', 'failed')),
    payload bytea,
    attempts integer NOT NULL,
    due_at timestamp NOT NULL,
    leased_until timestamp,
    last_error text,
    created_at timestamp NOT NULL,
    sent_at timestamp
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('queued', 'retrying');
CREATE INDEX outbox_by_account ON outbox (account_id);

-- The one live activation link of an account (R3).
CREATE TABLE activations (
    account_id uuid PRIMARY KEY NOT NULL REFERENCES accounts (id),
    token_hash bytea NOT NULL,
    message_id uuid NOT NULL REFERENCES outbox (id),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    used_at timestamp
);
CREATE UNIQUE INDEX activations_by_token ON activations (token_hash);

CREATE TABLE password_resets (
    member_id uuid PRIMARY KEY NOT NULL REFERENCES members (id),
    token_hash bytea NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE UNIQUE INDEX password_resets_by_token ON password_resets (token_hash);

CREATE TABLE support_tickets (
    id uuid PRIMARY KEY NOT NULL,
    subject text NOT NULL,
    partner_company_name text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'approved', 'rejected')),
    rejection_reason text,
    master_reseller_id uuid REFERENCES accounts (id),
    decided_by uuid REFERENCES members (id),
    decided_at timestamp,
    search_text text NOT NULL,
    created_at timestamp NOT NULL,
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((status = 'rejected') = (rejection_reason IS NOT NULL)),
    CHECK ((status = 'approved') = (master_reseller_id IS NOT NULL))
);
CREATE UNIQUE INDEX support_tickets_open_by_email ON support_tickets (email_canonical) WHERE status = 'open';
CREATE INDEX support_tickets_by_status ON support_tickets (status, id);

-- What happened, in the transaction in which it happened (R16).
CREATE TABLE events (
    id uuid PRIMARY KEY NOT NULL,
    occurred_at timestamp NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('member', 'client', 'anonymous', 'system')),
    actor_id uuid,
    action text NOT NULL,
    subject text NOT NULL,
    account_id uuid REFERENCES accounts (id),
    before text,
    after text,
    request_id text NOT NULL,
    source_address text
);

-- First answers, so that a repeated request is not carried out again (W5).
CREATE TABLE idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    etag text,
    body bytea NOT NULL,
    created_at timestamp NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
