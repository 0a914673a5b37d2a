ALTER TABLE events DROP COLUMN client_request_id;
