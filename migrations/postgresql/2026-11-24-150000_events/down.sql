DROP TABLE event_publication;
ALTER TABLE events ADD COLUMN account_id uuid REFERENCES accounts (id);
UPDATE events SET account_id = coalesce(enterprise_id, reseller_id, master_reseller_id);
ALTER TABLE events DROP COLUMN position;
ALTER TABLE events DROP COLUMN enterprise_id;
ALTER TABLE events DROP COLUMN reseller_id;
ALTER TABLE events DROP COLUMN master_reseller_id;
ALTER TABLE events DROP COLUMN actor_tier;
