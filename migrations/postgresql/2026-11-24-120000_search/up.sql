-- Accounts by any three characters of their search text.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX accounts_by_search_text ON accounts USING gin (search_text gin_trgm_ops);

-- With the status in them, accounts below one are counted by status from an index alone.
DROP INDEX accounts_by_tier;
DROP INDEX accounts_by_master_reseller;
DROP INDEX accounts_by_reseller;
CREATE INDEX accounts_by_tier ON accounts (tier, id, status);
CREATE INDEX accounts_by_master_reseller ON accounts (master_reseller_id, tier, id, status);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, tier, id, status);
