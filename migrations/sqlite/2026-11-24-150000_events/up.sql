-- Events are read in the order of their positions, which is one in which they were committed: whoever has read up to one
-- misses none that comes later. The one writer of SQLite commits in the order in which it numbers. The accounts on the way
-- down to the one that an event belongs to are those of its time; they stand here without references, because they are taken
-- from the row of an account in the same transaction.
ALTER TABLE events RENAME TO events_before;
CREATE TABLE events (
    id BLOB NOT NULL,
    occurred_at TIMESTAMP NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('member', 'client', 'anonymous', 'system')),
    actor_id BLOB,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT,
    request_id TEXT NOT NULL,
    source_address TEXT,
    actor_tier TEXT CHECK (actor_tier IN ('platform', 'master_reseller', 'reseller', 'enterprise')),
    master_reseller_id BLOB,
    reseller_id BLOB,
    enterprise_id BLOB,
    position INTEGER PRIMARY KEY
);
INSERT INTO events
SELECT
    e.id, e.occurred_at, e.actor_kind, e.actor_id, e.action, e.subject, e.before, e.after, e.request_id, e.source_address,
    (SELECT a.tier FROM members AS m INNER JOIN accounts AS a ON a.id = m.account_id WHERE m.id = e.actor_id),
    c.master_reseller_id, c.reseller_id, CASE WHEN c.tier = 'enterprise' THEN c.id END, NULL
FROM events_before AS e LEFT JOIN accounts AS c ON c.id = e.account_id
ORDER BY e.id;
DROP TABLE events_before;
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_by_master_reseller ON events (master_reseller_id) WHERE master_reseller_id IS NOT NULL;
CREATE INDEX events_by_reseller ON events (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE INDEX events_by_enterprise ON events (enterprise_id) WHERE enterprise_id IS NOT NULL;

-- Up to which position events were handed on.
CREATE TABLE event_publication (
    id SMALLINT PRIMARY KEY NOT NULL CHECK (id = 1),
    position BIGINT NOT NULL
);
INSERT INTO event_publication SELECT 1, coalesce(max(position), 0) FROM events;
