//! Locks on accounts, which protect rules that span several rows from concurrent transactions on PostgreSQL. No locks
//! are needed on SQLite, which has only one writer.

use diesel::prelude::*;
use domain::id::AccountId;

use crate::schema::accounts;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;

/// How a transaction locks an account until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Others may lock the account as `Shared` too, but nobody may change it. For changes below the account that depend
    /// on its state.
    Shared,
    /// Nobody else may lock or change the account. For changes of the account itself.
    Exclusive,
}

/// Locks an account, waiting for transactions with a conflicting lock. Returns `true` if it may have waited; everything
/// read before must then be read again.
pub fn lock(tx: &mut StoreConnection, account: AccountId, hold: Lock) -> Result<bool, Error> {
    let StoreConnection::Postgresql(connection) = tx else { return Ok(false) };
    let row = accounts::table.filter(accounts::id.eq(Key::from(account))).select(accounts::id);
    let _: Option<Key> = match hold {
        Lock::Shared => row.for_share().first(connection).optional()?,
        // Rows that only refer to the account may still be inserted, because its id never changes.
        Lock::Exclusive => row.for_no_key_update().first(connection).optional()?,
    };
    Ok(true)
}
