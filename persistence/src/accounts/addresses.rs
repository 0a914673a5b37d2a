//! Who has which e-mail address, over all tiers (R1).

use diesel::prelude::*;
use domain::id::AccountId;
use domain::values::email::EmailAddress;

use crate::schema::email_addresses;
use crate::store::connection::{StoreConnection, on};
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::prepared::Prepared;

/// Claims an address for an account. `false` when it is taken, whoever has it; the transaction must then be given up,
/// because PostgreSQL lets nothing follow a violation.
pub fn claim_email(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    inserted(on!(tx, connection => Prepared(diesel::insert_into(email_addresses::table)
            .values((
                email_addresses::canonical.eq(email.canonical()),
                email_addresses::account_id.eq(Key::from(account)),
            )))
        .execute(connection)))
}

/// Whether an account other than this one has an address, as far as that can be told before claiming it. On SQLite it
/// saves a refusal that has to be undone together with the work of others; on PostgreSQL only the claim tells.
pub(super) fn is_taken(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(false) };
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> = Prepared(claim.select(email_addresses::account_id)).get_result(connection).optional()?;
    Ok(holder.is_some_and(|holder| holder != Key::from(account)))
}

/// Frees an address, which the account itself does not have.
pub fn free_email(tx: &mut StoreConnection, canonical: &str, account: AccountId) -> Result<(), Error> {
    let claim = email_addresses::table
        .filter(email_addresses::canonical.eq(canonical))
        .filter(email_addresses::account_id.eq(Key::from(account)));
    diesel::delete(claim).execute(tx)?;
    Ok(())
}

/// Frees every address of an account.
pub(crate) fn free_emails(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(email_addresses::table.filter(email_addresses::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
