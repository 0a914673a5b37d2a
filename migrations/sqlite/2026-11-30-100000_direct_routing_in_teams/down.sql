DROP INDEX direct_routing_routes_to_look_after;
ALTER TABLE direct_routing_routes DROP COLUMN voice_policy_found_at;
ALTER TABLE direct_routing_routes DROP COLUMN voice_policy_id;
ALTER TABLE direct_routing_routes DROP COLUMN anchor_licence;
ALTER TABLE direct_routing_routes DROP COLUMN anchor_state;
ALTER TABLE direct_routing_routes DROP COLUMN anchor_id;
