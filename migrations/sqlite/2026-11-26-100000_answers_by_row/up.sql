-- With a row id of its own: answers are long, and a table without would hold them in the upper levels of its tree as well, of which
-- each addition then rewrites several pages.
CREATE TABLE idempotency_keys_by_row (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status SMALLINT NOT NULL,
    location TEXT,
    etag TEXT,
    body BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (caller, key)
);
INSERT INTO idempotency_keys_by_row SELECT * FROM idempotency_keys ORDER BY caller, key;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_by_row RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
