//! Which account has which e-mail address. An address is unique across all tiers (R1).

use diesel::prelude::*;
use domain::id::AccountId;
use domain::values::email::EmailAddress;

use crate::schema::email_addresses;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::prepared::Prepared;

/// Claims an address for an account. Returns `false` if any account already has it: the caller then refuses with
/// `Refusal::EmailTaken`, which rolls the transaction back, because PostgreSQL refuses all further statements after a unique violation.
pub fn claim_email(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    inserted(on!(tx, connection => Prepared(diesel::insert_into(email_addresses::table)
            .values((
                email_addresses::canonical.eq(email.canonical()),
                email_addresses::account_id.eq(Key::from(account)),
            )))
        .execute(connection)))
}

/// Whether another account has an address. Only a check in advance; [`claim_email`] decides. On SQLite it avoids a
/// failed claim, because of which the whole group of operations would have to run again. On PostgreSQL it always
/// returns `false`.
pub(super) fn is_taken(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> = Prepared(claim.select(email_addresses::account_id)).get_result(connection).optional()?;
    Ok(holder.is_some_and(|holder| holder != Key::from(account)))
}

/// Frees an address that was claimed for an account.
pub fn free_email(tx: &mut StoreConnection, canonical: &str, account: AccountId) -> Result<(), Error> {
    let claim = email_addresses::table
        .filter(email_addresses::canonical.eq(canonical))
        .filter(email_addresses::account_id.eq(Key::from(account)));
    diesel::delete(claim).execute(tx)?;
    Ok(())
}

/// Frees all addresses of an account.
pub(crate) fn free_emails(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(email_addresses::table.filter(email_addresses::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
