-- Licences to take back from anchor users of routes that are no longer being set up.
CREATE TABLE lent_licences (
    id UUID PRIMARY KEY NOT NULL,
    tenant TEXT NOT NULL,
    user_id UUID NOT NULL,
    licence UUID NOT NULL,
    created_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP
);
CREATE INDEX lent_licences_due ON lent_licences (due_at);
