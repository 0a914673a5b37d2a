-- Events are read in the order of their positions, which is one in which they were committed: whoever has read up to one
-- misses none that comes later. An event gets its position once it is committed (`position` is null until then),
-- because transactions may be committed in another order than they take numbers. The accounts on the way down to the one that
-- an event belongs to are those of its time; they stand here without references, because they are taken from the row of an
-- account in the same transaction.
ALTER TABLE events ADD COLUMN actor_tier text
CHECK (actor_tier IN ('platform', 'master_reseller', 'reseller', 'enterprise'));
ALTER TABLE events ADD COLUMN master_reseller_id uuid;
ALTER TABLE events ADD COLUMN reseller_id uuid;
ALTER TABLE events ADD COLUMN enterprise_id uuid;
ALTER TABLE events ADD COLUMN position bigint;
UPDATE events AS e SET
    position = o.position,
    actor_tier = (SELECT a.tier FROM members AS m INNER JOIN accounts AS a ON a.id = m.account_id WHERE m.id = e.actor_id),
    master_reseller_id = c.master_reseller_id,
    reseller_id = c.reseller_id,
    enterprise_id = CASE WHEN c.tier = 'enterprise' THEN c.id END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS position FROM events) AS o, events AS s
LEFT JOIN accounts AS c ON c.id = s.account_id
WHERE o.id = e.id AND s.id = e.id;
ALTER TABLE events DROP COLUMN account_id;
CREATE UNIQUE INDEX events_by_position ON events (position);
CREATE INDEX events_without_position ON events (id) WHERE position IS NULL;
CREATE INDEX events_by_subject ON events (subject, position);
CREATE INDEX events_by_master_reseller ON events (master_reseller_id, position) WHERE master_reseller_id IS NOT NULL;
CREATE INDEX events_by_reseller ON events (reseller_id, position) WHERE reseller_id IS NOT NULL;
CREATE INDEX events_by_enterprise ON events (enterprise_id, position) WHERE enterprise_id IS NOT NULL;

-- Up to which position events were handed on.
CREATE TABLE event_publication (
    id smallint PRIMARY KEY NOT NULL CHECK (id = 1),
    position bigint NOT NULL
);
INSERT INTO event_publication SELECT 1, coalesce(max(position), 0) FROM events;
