-- The id that the caller gave the request, beside the service's own, which nobody else can choose.
ALTER TABLE events ADD COLUMN client_request_id text;
