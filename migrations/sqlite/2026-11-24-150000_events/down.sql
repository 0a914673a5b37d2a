DROP TABLE event_publication;
ALTER TABLE events RENAME TO events_after;
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
INSERT INTO events
SELECT
    id, occurred_at, actor_kind, actor_id, action, subject, coalesce(enterprise_id, reseller_id, master_reseller_id),
    before, after, request_id, source_address
FROM events_after;
DROP TABLE events_after;
