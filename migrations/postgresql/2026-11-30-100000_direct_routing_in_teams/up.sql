-- The licensed user that makes Microsoft activate the domain of a route, and the product of its licence.
ALTER TABLE direct_routing_routes ADD COLUMN anchor_id UUID;
ALTER TABLE direct_routing_routes ADD COLUMN anchor_state TEXT CHECK (anchor_state IN ('created', 'licensed', 'known'));
ALTER TABLE direct_routing_routes ADD COLUMN anchor_licence UUID;
-- The voice routing policy of the route in Teams.
ALTER TABLE direct_routing_routes ADD COLUMN voice_policy_id TEXT;
ALTER TABLE direct_routing_routes ADD COLUMN voice_policy_found_at TIMESTAMP;
-- Established routes are looked after once a day, not all of them at once.
CREATE INDEX direct_routing_routes_to_look_after ON direct_routing_routes (due_at) WHERE state = 'established';
UPDATE direct_routing_routes SET due_at = (now() AT TIME ZONE 'utc') + random() * INTERVAL '1 day' WHERE state = 'established';
