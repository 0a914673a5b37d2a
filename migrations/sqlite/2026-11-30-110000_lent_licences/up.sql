-- Licences that anchor users of routes have which are no longer set up: to be taken back.
CREATE TABLE lent_licences (
    id BLOB PRIMARY KEY NOT NULL,
    tenant TEXT NOT NULL,
    user_id BLOB NOT NULL,
    licence BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP
) WITHOUT ROWID;
CREATE INDEX lent_licences_due ON lent_licences (due_at);
