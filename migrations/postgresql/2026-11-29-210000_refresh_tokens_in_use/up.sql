-- The one token of each session that was not used yet: used ones are many.
CREATE INDEX refresh_tokens_in_use ON refresh_tokens (session_id) WHERE used_at IS NULL;
