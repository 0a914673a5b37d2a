//! Holds on accounts, by which rules that span several accounts hold under concurrency on PostgreSQL. SQLite has one
//! writer, so there everything holds already.

use diesel::prelude::*;
use domain::id::AccountId;

use crate::schema::accounts;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;

/// What a transaction wants of an account until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It stays as it is: something below it is created or changed on its grounds.
    Shared,
    /// It is changed by this transaction alone.
    Exclusive,
}

/// Holds an account, waiting for whoever holds it otherwise. `true` when there may have been somebody: then what was read
/// before has to be read again.
pub fn lock(tx: &mut StoreConnection, account: AccountId, hold: Lock) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(false) };
    let row = accounts::table.filter(accounts::id.eq(Key::from(account))).select(accounts::id);
    let _: Option<Key> = match hold {
        Lock::Shared => row.for_share().first(connection).optional()?,
        // Rows that only refer to the account may be added meanwhile: its id never changes.
        Lock::Exclusive => row.for_no_key_update().first(connection).optional()?,
    };
    Ok(true)
}
