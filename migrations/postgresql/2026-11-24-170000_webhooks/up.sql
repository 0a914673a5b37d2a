-- Where an account wants its events to be sent. `event_types` are patterns, separated by spaces. One that was removed stays for as
-- long as its deliveries do.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    url text NOT NULL,
    event_types text NOT NULL,
    description text,
    enabled boolean NOT NULL,
    disabled_reason text CHECK (disabled_reason IN ('gone', 'failing')),
    failing_since timestamp,
    version bigint NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    removed_at timestamp,
    CHECK (disabled_reason IS NULL OR NOT enabled)
);
CREATE INDEX webhooks_by_account ON webhooks (account_id, id) WHERE removed_at IS NULL;

-- The secrets that deliveries are signed with, sealed, because they have to be read back: one, or two while they are exchanged.
CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY NOT NULL,
    webhook_id uuid NOT NULL REFERENCES webhooks (id),
    secret bytea NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp
);
CREATE INDEX webhook_secrets_by_webhook ON webhook_secrets (webhook_id, id);

-- An event on its way to a webhook, once each. `due_at` is when it is tried next, which a worker that takes it on moves to the end
-- of its lease; there is none once it is taken or given up.
CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY NOT NULL,
    webhook_id uuid NOT NULL REFERENCES webhooks (id),
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    payload text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'retrying', 'delivered', 'failed')),
    attempts integer NOT NULL,
    due_at timestamp,
    created_at timestamp NOT NULL,
    finished_at timestamp,
    CHECK ((due_at IS NULL) = (state IN ('delivered', 'failed')))
);
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (webhook_id, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);

-- What was sent and what came back, for people to look at.
CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    started_at timestamp NOT NULL,
    milliseconds integer NOT NULL,
    status integer,
    error text,
    request_headers text NOT NULL,
    answer_headers text,
    answer text,
    PRIMARY KEY (delivery_id, started_at)
);
