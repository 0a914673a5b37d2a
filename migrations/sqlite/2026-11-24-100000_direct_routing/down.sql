DROP TABLE direct_routing_routes;
DROP TABLE direct_routings;
