-- What accounts were, from when until when: a row for every stretch of time in which nothing of it changed, the present one
-- without an end. `master_reseller_id` and `reseller_id` are the accounts above it. Billing reports are counted from
-- this, never from what accounts are today (R15).
CREATE TABLE account_history (
    account_id uuid NOT NULL REFERENCES accounts (id),
    since TIMESTAMP NOT NULL,
    until TIMESTAMP CHECK (until > since),
    master_reseller_id uuid REFERENCES accounts (id),
    reseller_id uuid REFERENCES accounts (id),
    name TEXT NOT NULL,
    billing_reference TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
    service_pbx BOOLEAN NOT NULL,
    service_trunk BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, since)
);
CREATE INDEX account_history_by_master_reseller ON account_history (master_reseller_id, account_id, since)
WHERE reseller_id IS NOT NULL;
CREATE INDEX account_history_by_reseller ON account_history (reseller_id, account_id, since)
WHERE reseller_id IS NOT NULL;

-- Which users there were on which service of an enterprise, likewise. The users themselves may be gone.
CREATE TABLE user_history (
    account_id uuid NOT NULL REFERENCES accounts (id),
    service TEXT NOT NULL CHECK (service IN ('pbx', 'trunk')),
    user_id uuid NOT NULL,
    since TIMESTAMP NOT NULL,
    until TIMESTAMP CHECK (until > since),
    PRIMARY KEY (account_id, service, user_id, since)
);

-- Of what was there before, the rows of the accounts tell their creation, activation, last change and closing.
INSERT INTO account_history
SELECT
    id, created_at, CASE WHEN activated_at IS NULL THEN closed_at ELSE activated_at END,
    CASE WHEN tier IN ('reseller', 'enterprise') THEN master_reseller_id END,
    CASE WHEN tier = 'enterprise' THEN reseller_id END,
    name, billing_reference, 'pending', service_pbx, service_trunk
FROM accounts
WHERE (activated_at IS NULL AND (closed_at IS NULL OR closed_at > created_at)) OR activated_at > created_at;
INSERT INTO account_history
SELECT
    id, activated_at,
    CASE WHEN status = 'suspended' AND updated_at > activated_at THEN updated_at ELSE closed_at END,
    CASE WHEN tier IN ('reseller', 'enterprise') THEN master_reseller_id END,
    CASE WHEN tier = 'enterprise' THEN reseller_id END,
    name, billing_reference,
    CASE WHEN status = 'suspended' AND updated_at <= activated_at THEN 'suspended' ELSE 'active' END,
    service_pbx, service_trunk
FROM accounts
WHERE activated_at IS NOT NULL AND (closed_at IS NULL OR closed_at > activated_at);
INSERT INTO account_history
SELECT
    id, updated_at, NULL,
    CASE WHEN tier IN ('reseller', 'enterprise') THEN master_reseller_id END,
    CASE WHEN tier = 'enterprise' THEN reseller_id END,
    name, billing_reference, 'suspended', service_pbx, service_trunk
FROM accounts
WHERE status = 'suspended' AND updated_at > activated_at;
INSERT INTO user_history
SELECT account_id, CASE WHEN pbx_id IS NULL THEN 'trunk' ELSE 'pbx' END, id, created_at, NULL FROM users;

-- Periods whose reports are final, or are being made so by whoever has the lease.
CREATE TABLE billing_periods (
    period TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('finalising', 'final')),
    leased_until TIMESTAMP NOT NULL,
    finalised_at TIMESTAMP,
    sha256 bytea,
    CHECK ((state = 'final') = (finalised_at IS NOT NULL)),
    CHECK ((state = 'final') = (sha256 IS NOT NULL))
);

-- Corrections of lines of final reports, each in a later period. Numbers are what is added to those of the line.
CREATE TABLE billing_adjustments (
    id uuid PRIMARY KEY NOT NULL,
    period TEXT NOT NULL,
    amended_period TEXT NOT NULL REFERENCES billing_periods (period),
    master_reseller_id uuid NOT NULL REFERENCES accounts (id),
    reseller_id uuid NOT NULL REFERENCES accounts (id),
    enterprise_id uuid NOT NULL REFERENCES accounts (id),
    service TEXT NOT NULL CHECK (service IN ('pbx', 'trunk')),
    users_at_end BIGINT NOT NULL,
    users_peak BIGINT NOT NULL,
    user_days BIGINT NOT NULL,
    active_days BIGINT NOT NULL,
    suspended_days BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK (amended_period < period)
);
CREATE INDEX billing_adjustments_by_period ON billing_adjustments (period, enterprise_id, id);

-- The lines of final reports. `line` is all zeros, or the adjustment that the line shows.
CREATE TABLE billing_lines (
    period TEXT NOT NULL REFERENCES billing_periods (period),
    enterprise_id uuid NOT NULL,
    service TEXT NOT NULL,
    reseller_id uuid NOT NULL,
    line uuid NOT NULL,
    master_reseller_id uuid NOT NULL,
    reseller_name TEXT NOT NULL,
    reseller_billing_reference TEXT,
    enterprise_name TEXT NOT NULL,
    enterprise_billing_reference TEXT,
    users_at_end BIGINT NOT NULL,
    users_peak BIGINT NOT NULL,
    user_days BIGINT NOT NULL,
    active_days BIGINT NOT NULL,
    suspended_days BIGINT NOT NULL,
    amended_period TEXT,
    PRIMARY KEY (period, enterprise_id, service, reseller_id, line)
);
CREATE INDEX billing_lines_by_master_reseller ON billing_lines
(period, master_reseller_id, enterprise_id, service, reseller_id, line);
CREATE INDEX billing_lines_by_reseller ON billing_lines (period, reseller_id, enterprise_id, service, line);

-- What is final stays as it is, whoever asks.
CREATE FUNCTION billing_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what billing reports say is immutable';
END $$;
CREATE FUNCTION billing_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM billing_periods WHERE period = new.period AND (state = 'final' OR tg_table_name = 'billing_adjustments')
    ) THEN
        RAISE EXCEPTION 'the billing report is final';
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER billing_lines_stay BEFORE UPDATE OR DELETE ON billing_lines
FOR EACH ROW EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_lines_stay_there BEFORE TRUNCATE ON billing_lines
FOR EACH STATEMENT EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_lines_are_complete BEFORE INSERT ON billing_lines
FOR EACH ROW EXECUTE FUNCTION billing_is_complete();
CREATE TRIGGER billing_periods_stay BEFORE UPDATE ON billing_periods
FOR EACH ROW WHEN (old.state = 'final') EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_periods_stay_there BEFORE DELETE ON billing_periods
FOR EACH ROW EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_adjustments_stay BEFORE UPDATE OR DELETE ON billing_adjustments
FOR EACH ROW EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_adjustments_stay_there BEFORE TRUNCATE ON billing_adjustments
FOR EACH STATEMENT EXECUTE FUNCTION billing_is_immutable();
CREATE TRIGGER billing_adjustments_are_complete BEFORE INSERT ON billing_adjustments
FOR EACH ROW EXECUTE FUNCTION billing_is_complete();
