-- Attempts to sign in since the last success, by the hash of whoever they are for: an e-mail address or an API client.
CREATE TABLE guesses (
    subject BLOB NOT NULL PRIMARY KEY,
    attempts INTEGER NOT NULL,
    since TIMESTAMP NOT NULL,
    next_at TIMESTAMP NOT NULL
);
CREATE INDEX guesses_by_next ON guesses (next_at);
