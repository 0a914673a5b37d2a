-- What concerns all routes of an enterprise (R11). The row is made by the first change.
CREATE TABLE direct_routings (
    account_id uuid PRIMARY KEY NOT NULL REFERENCES enterprises (account_id),
    version BIGINT NOT NULL,
    consent_given_at TIMESTAMP
);

-- The routes that were started. `stage` and `failure` are those of a route that failed: where a retry takes it up
-- again, and why.
CREATE TABLE direct_routing_routes (
    account_id uuid NOT NULL REFERENCES direct_routings (account_id),
    region TEXT NOT NULL,
    domain TEXT COLLATE "C" NOT NULL,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'consent_requested', 'domain_pending', 'domain_verified', 'activating', 'established', 'failed'
    )),
    stage TEXT CHECK (stage IN ('consent_requested', 'domain_pending', 'domain_verified', 'activating')),
    failure TEXT,
    verification_txt TEXT,
    since TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    error TEXT,
    error_at TIMESTAMP,
    PRIMARY KEY (account_id, region),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    CHECK ((state = 'failed') = (stage IS NOT NULL)),
    CHECK ((coalesce(stage, state) = 'consent_requested') = (verification_txt IS NULL)),
    CHECK ((error IS NULL) = (error_at IS NULL))
);
CREATE UNIQUE INDEX direct_routing_routes_by_domain ON direct_routing_routes (domain);
CREATE INDEX direct_routing_routes_due ON direct_routing_routes (due_at)
WHERE state IN ('consent_requested', 'domain_pending', 'domain_verified', 'activating');
