//! Removes what has served its time and is no record of anything.

use diesel::prelude::*;
use domain::Timestamp;

use crate::schema::{
    api_client_secrets, authorization_codes, idempotency_keys, password_resets, sessions, webhook_deliveries,
};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// Deliveries that are removed at once: others wait for some milliseconds.
const DELIVERIES_AT_ONCE: i64 = 1_000;

/// Removes answers kept for idempotency keys before `kept_since`, sessions (with their refresh tokens) that ran out
/// before `now`, password reset links, authorization codes and secrets of API clients that did. Says how many rows went.
pub fn sweep(tx: &mut StoreConnection, now: Timestamp, kept_since: Timestamp) -> Result<usize, Error> {
    let answers = idempotency_keys::table.filter(idempotency_keys::created_at.le(column(kept_since)));
    let over = sessions::table.filter(sessions::expires_at.le(column(now)));
    let links = password_resets::table.filter(password_resets::expires_at.le(column(now)));
    let secrets = api_client_secrets::table.filter(api_client_secrets::expires_at.le(column(now)));
    let codes = authorization_codes::table.filter(authorization_codes::expires_at.le(column(now)));
    Ok(diesel::delete(answers).execute(tx)?
        + diesel::delete(over).execute(tx)?
        + diesel::delete(links).execute(tx)?
        + diesel::delete(secrets).execute(tx)?
        + diesel::delete(codes).execute(tx)?)
}

/// Removes deliveries to webhooks that were queued before an instant, a batch at a time. `true` when there may be more.
pub fn sweep_deliveries(tx: &mut StoreConnection, queued_before: Timestamp) -> Result<bool, Error> {
    // The ids of deliveries sort by their time, so the oldest are found without an index for it.
    let old = webhook_deliveries::table.order(webhook_deliveries::id).limit(DELIVERIES_AT_ONCE);
    let old: Vec<(Key, Instant)> = old.select((webhook_deliveries::id, webhook_deliveries::created_at)).load(tx)?;
    let old = old.into_iter().filter(|(_, at)| instant(*at) < queued_before).map(|(id, _)| id).collect::<Vec<_>>();
    let is_full = i64::try_from(old.len()) == Ok(DELIVERIES_AT_ONCE);
    diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(old))).execute(tx)?;
    Ok(is_full)
}
