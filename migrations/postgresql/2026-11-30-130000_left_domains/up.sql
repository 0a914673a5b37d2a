-- Domains of routes that were removed, which still have to be removed from their tenants.
CREATE TABLE left_domains (
    domain TEXT NOT NULL,
    tenant TEXT NOT NULL,
    account_id UUID NOT NULL REFERENCES enterprises (account_id),
    created_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    leased_until TIMESTAMP,
    PRIMARY KEY (domain, tenant)
);
CREATE INDEX left_domains_due ON left_domains (due_at);
