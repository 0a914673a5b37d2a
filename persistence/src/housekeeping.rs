//! Removes what has served its time and is no record of anything.

use diesel::prelude::*;
use domain::Timestamp;

use crate::connection::StoreConnection;
use crate::error::Error;
use crate::schema::{idempotency_keys, password_resets, sessions};
use crate::time::column;

/// Removes answers kept for idempotency keys before `kept_since`, sessions (with their refresh tokens) that ran out
/// before `now`, and password reset links that did. Says how many rows went.
pub fn sweep(tx: &mut StoreConnection, now: Timestamp, kept_since: Timestamp) -> Result<usize, Error> {
    let answers = idempotency_keys::table.filter(idempotency_keys::created_at.le(column(kept_since)));
    let over = sessions::table.filter(sessions::expires_at.le(column(now)));
    let links = password_resets::table.filter(password_resets::expires_at.le(column(now)));
    Ok(diesel::delete(answers).execute(tx)? + diesel::delete(over).execute(tx)? + diesel::delete(links).execute(tx)?)
}
