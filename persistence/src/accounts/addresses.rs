//! Which account has which e-mail address. An address is unique across all tiers (R1).

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use domain::id::AccountId;
use domain::values::email::EmailAddress;

use crate::schema::email_addresses;
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::Key;
use crate::store::rows;

/// Claims an address for an account. Returns `false` if any account already has it: the caller then refuses with
/// `Refusal::EmailTaken`, which rolls the transaction back, because PostgreSQL refuses all further statements after a unique violation.
pub fn claim_email(tx: &mut StoreConnection, email: &EmailAddress, account: AccountId) -> Result<bool, Error> {
    claim_emails(tx, &[(email, account)])
}

/// Claims the addresses of several accounts. Returns `false` if one of them is taken, as [`claim_email`] does.
pub(super) fn claim_emails(tx: &mut StoreConnection, claims: &[(&EmailAddress, AccountId)]) -> Result<bool, Error> {
    // Transactions that claim the same addresses wait for each other, and don't deadlock if they do so in one order.
    let mut claims = claims.to_vec();
    claims.sort_unstable_by_key(|(email, _)| email.canonical());
    let columns = rows::columns!(claims;
        canonical: Texts = |(email, _)| Some(email.canonical()),
        account_id: Keys = |(_, account)| Some((*account).into()),
    );
    inserted(rows::insert(tx, "email_addresses", columns))
}

/// Those of some addresses, in canonical form, that are taken, and the accounts that have them. Only a check in advance: a
/// claim decides.
pub(crate) fn email_holders(tx: &mut StoreConnection, canonical: &[&str]) -> Result<HashMap<String, Key>, Error> {
    match tx {
        _ if canonical.is_empty() => Ok(HashMap::new()),
        StoreConnection::Postgresql(connection) => {
            let taken = email_addresses::table.filter(email_addresses::canonical.eq_any(canonical.to_vec()));
            let taken = taken.select((email_addresses::canonical, email_addresses::account_id));
            let taken: Vec<(String, Key)> = taken.load(connection)?;
            Ok(taken.into_iter().collect())
        }
        StoreConnection::Sqlite(connection) => {
            let mut taken = HashMap::new();
            for email in canonical {
                let claim = email_addresses::table.filter(email_addresses::canonical.eq(*email));
                let held: Option<Key> = claim.select(email_addresses::account_id).get_result(connection).optional()?;
                taken.extend(held.map(|holder| ((*email).to_owned(), holder)));
            }
            Ok(taken)
        }
    }
}

/// Which of some addresses, in canonical form, are taken. Only a check in advance: a claim decides.
pub fn taken_emails(tx: &mut StoreConnection, canonical: &[&str]) -> Result<HashSet<String>, Error> {
    Ok(email_holders(tx, canonical)?.into_keys().collect())
}

/// Whether another account has an address. Only a check in advance; [`claim_email`] decides. It avoids a failed claim,
/// because of which the whole group of operations would have to run again.
pub(super) fn is_taken(
    connection: &mut SqliteConnection,
    email: &EmailAddress,
    account: AccountId,
) -> Result<bool, Error> {
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> = claim.select(email_addresses::account_id).get_result(connection).optional()?;
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
