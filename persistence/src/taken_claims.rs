//! Claims that were refused because somebody else has the value, counted for each account and day.

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::AccountId;

use crate::schema::taken_claims as rows;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::lock;
use crate::store::time::{Instant, column, instant};

/// The refused claims of an account on its current day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenClaims {
    /// How many were refused.
    pub refused: u32,
    /// When the day ends, which began with the first one.
    pub until: Timestamp,
}

/// The refused claims of an account today; `None` if there were none.
pub fn today(tx: &mut StoreConnection, account: AccountId, now: Timestamp) -> Result<Option<TakenClaims>, Error> {
    let day = TimeDelta::days(1);
    let own = rows::table.filter(rows::account_id.eq(Key::from(account))).filter(rows::since.gt(column(now - day)));
    let found: Option<(i32, Instant)> = own.select((rows::refused, rows::since)).first(tx).optional()?;
    Ok(found.map(|(refused, since)| TakenClaims {
        refused: u32::try_from(refused).unwrap_or_default(),
        until: instant(since) + day,
    }))
}

/// Counts refused claims of an account. With the first one, a day begins.
pub fn count(tx: &mut StoreConnection, account: AccountId, refused: u32, now: Timestamp) -> Result<(), Error> {
    // Concurrent counts wait for each other, also the first ones, which have no row yet.
    lock::advisory(tx, account.uuid().as_bytes())?;
    let before = today(tx, account, now)?;
    let own = rows::table.filter(rows::account_id.eq(Key::from(account)));
    let refused = i32::try_from(before.map_or(0, |before| before.refused).saturating_add(refused)).unwrap_or(i32::MAX);
    if before.is_some() {
        diesel::update(own).set(rows::refused.eq(refused)).execute(tx)?;
    } else {
        diesel::delete(own).execute(tx)?;
        let row = (rows::account_id.eq(Key::from(account)), rows::refused.eq(refused), rows::since.eq(column(now)));
        diesel::insert_into(rows::table).values(row).execute(tx)?;
    }
    Ok(())
}
