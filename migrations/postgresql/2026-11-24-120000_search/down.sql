DROP INDEX accounts_by_search_text;
DROP INDEX accounts_by_tier;
DROP INDEX accounts_by_master_reseller;
DROP INDEX accounts_by_reseller;
CREATE INDEX accounts_by_tier ON accounts (tier, id);
CREATE INDEX accounts_by_master_reseller ON accounts (master_reseller_id, tier, id);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, tier, id);
