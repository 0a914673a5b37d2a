//! Who has which e-mail address, over all tiers (R1).

use diesel::prelude::*;
use domain::email::EmailAddress;
use domain::id::AccountId;

use crate::connection::{StoreConnection, on};
use crate::error::{Error, inserted};
use crate::key::Key;
use crate::schema::email_addresses;

/// Claims an address for an account. `false` when it is taken, whoever has it; the transaction must then be given up,
/// because PostgreSQL lets nothing follow a violation.
pub fn claim_email(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    inserted(on!(tx, connection => diesel::insert_into(email_addresses::table)
            .values((
                email_addresses::canonical.eq(email.canonical()),
                email_addresses::account_id.eq(Key::from(account)),
            ))
        .execute(connection)))
}

/// Frees every address of an account.
pub(super) fn free_emails(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(email_addresses::table.filter(email_addresses::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
