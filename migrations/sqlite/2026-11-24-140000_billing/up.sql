-- What accounts were, from when until when: a row for every stretch of time in which nothing of it changed, the present one
-- without an end. `master_reseller_id` and `reseller_id` are the accounts above it. Billing reports are counted from
-- this, never from what accounts are today (R15).
CREATE TABLE account_history (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    since TIMESTAMP NOT NULL,
    until TIMESTAMP CHECK (until > since),
    master_reseller_id BLOB REFERENCES accounts (id),
    reseller_id BLOB REFERENCES accounts (id),
    name TEXT NOT NULL,
    billing_reference TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
    service_pbx BOOLEAN NOT NULL,
    service_trunk BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, since)
) WITHOUT ROWID;
CREATE INDEX account_history_by_master_reseller ON account_history (master_reseller_id, account_id, since)
WHERE reseller_id IS NOT NULL;
CREATE INDEX account_history_by_reseller ON account_history (reseller_id, account_id, since)
WHERE reseller_id IS NOT NULL;

-- Which users there were on which service of an enterprise, likewise. The users themselves may be gone.
CREATE TABLE user_history (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    service TEXT NOT NULL CHECK (service IN ('pbx', 'trunk')),
    user_id BLOB NOT NULL,
    since TIMESTAMP NOT NULL,
    until TIMESTAMP CHECK (until > since),
    PRIMARY KEY (account_id, service, user_id, since)
) WITHOUT ROWID;

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
    sha256 BLOB,
    CHECK ((state = 'final') = (finalised_at IS NOT NULL)),
    CHECK ((state = 'final') = (sha256 IS NOT NULL))
) WITHOUT ROWID;

-- Corrections of lines of final reports, each in a later period. Numbers are what is added to those of the line.
CREATE TABLE billing_adjustments (
    id BLOB PRIMARY KEY NOT NULL,
    period TEXT NOT NULL,
    amended_period TEXT NOT NULL REFERENCES billing_periods (period),
    master_reseller_id BLOB NOT NULL REFERENCES accounts (id),
    reseller_id BLOB NOT NULL REFERENCES accounts (id),
    enterprise_id BLOB NOT NULL REFERENCES accounts (id),
    service TEXT NOT NULL CHECK (service IN ('pbx', 'trunk')),
    users_at_end BIGINT NOT NULL,
    users_peak BIGINT NOT NULL,
    user_days BIGINT NOT NULL,
    active_days BIGINT NOT NULL,
    suspended_days BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CHECK (amended_period < period)
) WITHOUT ROWID;
CREATE INDEX billing_adjustments_by_period ON billing_adjustments (period, enterprise_id, id);

-- The lines of final reports. `line` is all zeros, or the adjustment that the line shows.
CREATE TABLE billing_lines (
    period TEXT NOT NULL REFERENCES billing_periods (period),
    enterprise_id BLOB NOT NULL,
    service TEXT NOT NULL,
    reseller_id BLOB NOT NULL,
    line BLOB NOT NULL,
    master_reseller_id BLOB NOT NULL,
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
) WITHOUT ROWID;
CREATE INDEX billing_lines_by_master_reseller ON billing_lines
(period, master_reseller_id, enterprise_id, service, reseller_id, line);
CREATE INDEX billing_lines_by_reseller ON billing_lines (period, reseller_id, enterprise_id, service, line);

-- What is final stays as it is, whoever asks.
CREATE TRIGGER billing_lines_stay BEFORE UPDATE ON billing_lines BEGIN
    SELECT RAISE(ABORT, 'lines of billing reports are immutable');
END;
CREATE TRIGGER billing_lines_stay_there BEFORE DELETE ON billing_lines BEGIN
    SELECT RAISE(ABORT, 'lines of billing reports are immutable');
END;
CREATE TRIGGER billing_lines_are_complete BEFORE INSERT ON billing_lines
WHEN (SELECT state FROM billing_periods WHERE period = new.period) = 'final' BEGIN
    SELECT RAISE(ABORT, 'the billing report is final');
END;
-- REPLACE deletes without the triggers of a DELETE.
CREATE TRIGGER billing_periods_are_final BEFORE INSERT ON billing_periods
WHEN (SELECT state FROM billing_periods WHERE period = new.period) = 'final' BEGIN
    SELECT RAISE(ABORT, 'the billing report is final');
END;
CREATE TRIGGER billing_periods_stay BEFORE UPDATE ON billing_periods WHEN old.state = 'final' BEGIN
    SELECT RAISE(ABORT, 'the billing report is final');
END;
CREATE TRIGGER billing_periods_stay_there BEFORE DELETE ON billing_periods BEGIN
    SELECT RAISE(ABORT, 'the billing report is final');
END;
CREATE TRIGGER billing_adjustments_stay BEFORE UPDATE ON billing_adjustments BEGIN
    SELECT RAISE(ABORT, 'adjustments of billing reports are immutable');
END;
CREATE TRIGGER billing_adjustments_stay_there BEFORE DELETE ON billing_adjustments BEGIN
    SELECT RAISE(ABORT, 'adjustments of billing reports are immutable');
END;
CREATE TRIGGER billing_adjustments_are_complete BEFORE INSERT ON billing_adjustments
WHEN EXISTS (SELECT 1 FROM billing_periods WHERE period = new.period)
OR EXISTS (SELECT 1 FROM billing_adjustments WHERE id = new.id) BEGIN
    SELECT RAISE(ABORT, 'the billing report is final');
END;
