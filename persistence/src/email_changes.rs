//! Addresses that are to become others, once somebody at the new one has confirmed that (R1).

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::id::{AccountId, MessageId};
use domain::values::email::EmailAddress;

use crate::accounts;
use crate::accounts::{claim_email, free_email};
use crate::invitations::withdraw;
use crate::schema::{accounts as account_rows, email_addresses, email_changes as rows, members};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::text::search_text;
use crate::store::time::column;

/// A change to be confirmed.
#[derive(Debug, Clone, Copy)]
pub struct NewEmailChange<'a> {
    /// The account that has the address.
    pub account: AccountId,
    /// The address.
    pub old: &'a EmailAddress,
    /// What is to become of it.
    pub new: &'a EmailAddress,
    /// SHA-256 of the token of its link.
    pub token_hash: &'a [u8],
    /// The message that carries the link.
    pub message: MessageId,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A change that waits to be confirmed.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// The account that has the address.
    pub account: Account,
    /// The address, in canonical form.
    pub old: String,
    /// What is to become of it, in the given spelling.
    pub new: String,
}

/// Stores a change, in place of any earlier one of the address, whose e-mail is taken back if it has not left.
pub fn replace(tx: &mut StoreConnection, change: &NewEmailChange<'_>, now: Timestamp) -> Result<(), Error> {
    let NewEmailChange { account, old, new, token_hash, message, expires_at } = *change;
    let earlier =
        rows::table.filter(rows::account_id.eq(Key::from(account))).filter(rows::old_canonical.eq(old.canonical()));
    let sent: Option<Key> = earlier.select(rows::message_id).first(tx).optional()?;
    diesel::delete(earlier).execute(tx)?;
    if let Some(sent) = sent {
        withdraw(tx, sent)?;
    }
    diesel::insert_into(rows::table)
        .values((
            rows::account_id.eq(Key::from(account)),
            rows::old_canonical.eq(old.canonical()),
            rows::email.eq(new.given()),
            rows::token_hash.eq(token_hash),
            rows::message_id.eq(Key::from(message)),
            rows::created_at.eq(column(now)),
            rows::expires_at.eq(column(expires_at)),
        ))
        .execute(tx)?;
    Ok(())
}

/// Whether anybody has an address, whoever it is.
pub fn is_claimed(tx: &mut StoreConnection, email: &EmailAddress) -> Result<bool, Error> {
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> = claim.select(email_addresses::account_id).first(tx).optional()?;
    Ok(holder.is_some())
}

/// The change that a token confirms. The token is the authority, so there is no scope.
pub fn by_token(tx: &mut StoreConnection, token_hash: &[u8], now: Timestamp) -> Result<Option<EmailChange>, Error> {
    let found: Option<(Key, String, String, String)> = rows::table
        .inner_join(account_rows::table.on(account_rows::id.eq(rows::account_id)))
        .filter(rows::token_hash.eq(token_hash))
        .filter(rows::expires_at.gt(column(now)))
        .select((account_rows::id, account_rows::tier, rows::old_canonical, rows::email))
        .first(tx)
        .optional()?;
    let Some((account, tier, old, new)) = found else { return Ok(None) };
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    let account = accounts::by_id(tx, &Scope::Platform, tier, account.id())?;
    Ok(account.map(|account| EmailChange { account, old, new }))
}

/// Carries a change out: whoever of the account has the old address has the new one. `false` when somebody else has it by now; the
/// transaction must then be given up.
pub fn carry_out(
    tx: &mut StoreConnection,
    change: &EmailChange,
    new: &EmailAddress,
    now: Timestamp,
) -> Result<bool, Error> {
    let EmailChange { account, old, new: _ } = change;
    let id = Key::from(account.id);
    diesel::delete(rows::table.filter(rows::account_id.eq(id)).filter(rows::old_canonical.eq(old))).execute(tx)?;
    if new.canonical() != old {
        if is_claimed(tx, new)? || !claim_email(tx, new, account.id)? {
            return Ok(false);
        }
        free_email(tx, old, account.id)?;
    }
    if EmailAddress::parse(&account.email).is_ok_and(|own| own.canonical() == old) {
        let reference = account.billing_reference.as_deref().unwrap_or_default();
        diesel::update(account_rows::table.filter(account_rows::id.eq(id)))
            .set((
                account_rows::email.eq(new.given()),
                account_rows::search_text.eq(search_text(&[&account.name, new.given(), reference])),
                account_rows::version.eq(account.version + 1),
                account_rows::updated_at.eq(column(now)),
            ))
            .execute(tx)?;
    }
    let own = members::table.filter(members::account_id.eq(id)).filter(members::removed_at.is_null());
    diesel::update(own.filter(members::email_canonical.eq(old)))
        .set((
            members::email.eq(new.given()),
            members::email_canonical.eq(new.canonical()),
            members::version.eq(members::version + 1),
        ))
        .execute(tx)?;
    Ok(true)
}

/// Takes back whatever waits for an account that closes.
pub(crate) fn withdraw_all(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(rows::table.filter(rows::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
