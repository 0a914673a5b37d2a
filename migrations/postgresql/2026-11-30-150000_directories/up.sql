-- The users of enterprises' tenants, as Microsoft's directory has them. They are read page by page; `link` is where reading
-- goes on, and `generation` counts the readings from the beginning, so that what is gone since is noticed. The numbers are those of
-- the last reading that came to its end.
CREATE TABLE directories (
    account_id UUID PRIMARY KEY NOT NULL REFERENCES enterprises (account_id),
    tenant TEXT NOT NULL,
    link TEXT,
    is_reading BOOLEAN NOT NULL,
    generation INTEGER NOT NULL,
    is_full BOOLEAN NOT NULL,
    users BIGINT NOT NULL DEFAULT 0,
    licensed BIGINT NOT NULL DEFAULT 0,
    guests BIGINT NOT NULL DEFAULT 0,
    disabled BIGINT NOT NULL DEFAULT 0,
    unusable_names BIGINT NOT NULL DEFAULT 0,
    other_domains BIGINT NOT NULL DEFAULT 0,
    asked_at TIMESTAMP NOT NULL,
    synced_at TIMESTAMP,
    error TEXT,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP
);
CREATE INDEX directories_due ON directories (due_at);

CREATE TABLE directory_users (
    account_id UUID NOT NULL REFERENCES directories (account_id),
    person_id UUID NOT NULL,
    name TEXT NOT NULL,
    canonical TEXT NOT NULL,
    display_name TEXT,
    is_licensed BOOLEAN NOT NULL,
    is_enabled BOOLEAN NOT NULL,
    is_guest BOOLEAN NOT NULL,
    left_out TEXT CHECK (left_out IN ('guest', 'disabled', 'unusable_name', 'other_domain')),
    search_text TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (account_id, person_id)
);
CREATE INDEX directory_users_by_name ON directory_users (account_id, canonical);
