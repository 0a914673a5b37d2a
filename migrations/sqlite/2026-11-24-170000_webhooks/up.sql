-- Where an account wants its events to be sent. `event_types` are patterns, separated by spaces. One that was removed stays for as
-- long as its deliveries do.
CREATE TABLE webhooks (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    url TEXT NOT NULL,
    event_types TEXT NOT NULL,
    description TEXT,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT CHECK (disabled_reason IN ('gone', 'failing')),
    failing_since TIMESTAMP,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP,
    CHECK (disabled_reason IS NULL OR NOT enabled)
);
CREATE INDEX webhooks_by_account ON webhooks (account_id, id) WHERE removed_at IS NULL;

-- The secrets that deliveries are signed with, sealed, because they have to be read back: one, or two while they are exchanged.
CREATE TABLE webhook_secrets (
    id BLOB PRIMARY KEY NOT NULL,
    webhook_id BLOB NOT NULL REFERENCES webhooks (id),
    secret BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX webhook_secrets_by_webhook ON webhook_secrets (webhook_id, id);

-- An event on its way to a webhook, once each. `due_at` is when it is tried next, which a worker that takes it on moves to the end
-- of its lease; there is none once it is taken or given up.
CREATE TABLE webhook_deliveries (
    id BLOB PRIMARY KEY NOT NULL,
    webhook_id BLOB NOT NULL REFERENCES webhooks (id),
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'retrying', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    CHECK ((due_at IS NULL) = (state IN ('delivered', 'failed')))
);
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (webhook_id, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);

-- What was sent and what came back, for people to look at.
CREATE TABLE webhook_attempts (
    delivery_id BLOB NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    started_at TIMESTAMP NOT NULL,
    milliseconds INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    request_headers TEXT NOT NULL,
    answer_headers TEXT,
    answer TEXT,
    PRIMARY KEY (delivery_id, started_at)
) WITHOUT ROWID;
