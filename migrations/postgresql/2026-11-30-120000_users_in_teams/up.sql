-- Users in Teams: what they have at Microsoft, or are about to get. A row outlives its user until Microsoft has let go of
-- what the user had; until then nobody else can have the number (R14).
CREATE TABLE teams_users (
    user_id UUID PRIMARY KEY NOT NULL,
    account_id UUID NOT NULL REFERENCES enterprises (account_id),
    tenant TEXT NOT NULL,
    teams_user TEXT NOT NULL,
    teams_user_canonical TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'applied', 'failed', 'drifted', 'releasing', 'released')),
    progress TEXT NOT NULL CHECK (progress IN ('find', 'compare', 'assign_number', 'grant_policy', 'check', 'revoke')),
    replaces BOOLEAN NOT NULL,
    person_id UUID,
    number TEXT,
    policy_id TEXT,
    policy_name TEXT,
    operation TEXT,
    assigning_until TIMESTAMP,
    missing TEXT CHECK (missing IN ('user', 'licence', 'policy', 'grant', 'consent', 'effect')),
    waits_since TIMESTAMP NOT NULL,
    found_number TEXT,
    found_policy TEXT,
    failure TEXT,
    failure_detail TEXT,
    failure_request_id TEXT,
    since TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    CHECK (policy_id IS NULL OR policy_name IS NOT NULL),
    CHECK ((failure IS NULL) = (failure_detail IS NULL))
);
CREATE UNIQUE INDEX teams_users_by_number ON teams_users (number) WHERE number IS NOT NULL;
CREATE INDEX teams_users_by_name ON teams_users (account_id, teams_user_canonical);
CREATE INDEX teams_users_by_state ON teams_users (account_id, state, user_id);
CREATE INDEX teams_users_due ON teams_users (account_id, due_at)
    WHERE state IN ('pending', 'applied', 'drifted', 'releasing');

-- The enterprises whose users in Teams have something due. A worker leases an enterprise, so that at most one works in a
-- tenant, and serves the one next that was served longest ago.
CREATE TABLE teams_queues (
    account_id UUID PRIMARY KEY NOT NULL REFERENCES enterprises (account_id),
    tenant TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    served_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP
);
CREATE INDEX teams_queues_due ON teams_queues (due_at);
CREATE INDEX teams_queues_leased ON teams_queues (tenant) WHERE leased_until IS NOT NULL;
