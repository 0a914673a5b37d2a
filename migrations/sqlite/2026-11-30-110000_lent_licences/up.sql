-- Licences to take back from anchor users of routes that are no longer being set up.
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
