-- The session that a code was exchanged for. A code that is used a second time ends it (RFC 6749 section 4.1.2).
ALTER TABLE authorization_codes ADD COLUMN session_id BLOB;
