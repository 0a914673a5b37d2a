//! Closing an account, with everything that ends together with it.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Account;
use domain::status::Status;

use crate::schema::{accounts as rows, members};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::column;
use crate::{accounts, activations, api_clients, direct_routing, directories, email_changes, second_factors, webhooks};

/// Closes an account. Its members can't sign in any more, and its e-mail addresses and domains become free (R1, R7,
/// R11).
pub fn close(tx: &mut StoreConnection, account: &Account, now: Timestamp) -> Result<(), Error> {
    accounts::set_status(tx, account, Status::Closed, now)?;
    diesel::update(rows::table.filter(rows::id.eq(Key::from(account.id))))
        .set(rows::closed_at.eq(column(now)))
        .execute(tx)?;
    second_factors::remove_all(tx, account.id)?;
    diesel::update(
        members::table.filter(members::account_id.eq(Key::from(account.id))).filter(members::removed_at.is_null()),
    )
    .set(members::removed_at.eq(column(now)))
    .execute(tx)?;
    api_clients::revoke_all(tx, account.id, now)?;
    webhooks::remove_all(tx, account.id, now)?;
    email_changes::withdraw_all(tx, account.id)?;
    activations::revoke(tx, account.id)?;
    direct_routing::free(tx, account.id)?;
    directories::forget(tx, account.id)?;
    accounts::free_emails(tx, account.id)
}
