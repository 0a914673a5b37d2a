//! Removes expired data that need not be kept as a record.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types;
use domain::Timestamp;

use crate::guesses;
use crate::schema::{
    api_client_secrets, authorization_codes, idempotency_keys, import_reports, password_resets, sessions, taken_claims,
    webhook_deliveries,
};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// How many deliveries are removed in one transaction, so that it blocks other writes only for some milliseconds.
const DELIVERIES_AT_ONCE: i64 = 1_000;

/// Removes responses stored for idempotency keys and reports of imports before `kept_since`, and everything that expired
/// before `now`: sessions with their refresh tokens, password reset links, authorization codes, secrets of API clients,
/// and guesses and refused claims of the day before. Returns the number of removed rows.
pub fn sweep(tx: &mut StoreConnection, now: Timestamp, kept_since: Timestamp) -> Result<usize, Error> {
    let reports = import_reports::table.filter(import_reports::created_at.le(column(kept_since)));
    let over = sessions::table.filter(sessions::expires_at.le(column(now)));
    let links = password_resets::table.filter(password_resets::expires_at.le(column(now)));
    let secrets = api_client_secrets::table.filter(api_client_secrets::expires_at.le(column(now)));
    let codes = authorization_codes::table.filter(authorization_codes::expires_at.le(column(now)));
    let day_before = now - TimeDelta::days(1);
    let claims = taken_claims::table.filter(taken_claims::since.le(column(day_before)));
    let guesses = guesses::sweep(tx, day_before)?;
    Ok(guesses
        + sweep_answers(tx, kept_since, now)?
        + diesel::delete(reports).execute(tx)?
        + diesel::delete(over).execute(tx)?
        + diesel::delete(links).execute(tx)?
        + diesel::delete(secrets).execute(tx)?
        + diesel::delete(codes).execute(tx)?
        + diesel::delete(claims).execute(tx)?)
}

/// Removes responses that were stored for idempotency keys until an instant.
fn sweep_answers(tx: &mut StoreConnection, kept_since: Timestamp, now: Timestamp) -> Result<usize, Error> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.le(column(kept_since)));
    Ok(match tx {
        StoreConnection::Postgresql(connection) => diesel::delete(old).execute(connection)?,
        // Rows are numbered in the order in which they were added: the oldest are those before the first that stays. One
        // that was added while the clock was wrong must not keep all behind it.
        StoreConnection::Sqlite(connection) => diesel::sql_query(
            "DELETE FROM idempotency_keys WHERE rowid < coalesce((SELECT rowid FROM idempotency_keys \
             WHERE created_at > ? AND created_at <= ? ORDER BY rowid LIMIT 1), (SELECT max(rowid) + 1 FROM idempotency_keys))",
        )
        .bind::<sql_types::Timestamp, _>(column(kept_since))
        .bind::<sql_types::Timestamp, _>(column(now))
        .execute(connection)?,
    })
}

/// Removes one batch of webhook deliveries that were queued before an instant. Returns `true` if there may be more.
pub fn sweep_deliveries(tx: &mut StoreConnection, queued_before: Timestamp) -> Result<bool, Error> {
    // Delivery ids sort by creation time, so the oldest are found without a separate index.
    let old = webhook_deliveries::table.order(webhook_deliveries::id).limit(DELIVERIES_AT_ONCE);
    let old: Vec<(Key, Instant)> = old.select((webhook_deliveries::id, webhook_deliveries::created_at)).load(tx)?;
    let old = old.into_iter().filter(|(_, at)| instant(*at) < queued_before).map(|(id, _)| id).collect::<Vec<_>>();
    let is_full = i64::try_from(old.len()) == Ok(DELIVERIES_AT_ONCE);
    diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(old))).execute(tx)?;
    Ok(is_full)
}
