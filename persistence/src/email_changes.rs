//! Pending changes of e-mail addresses, which take effect once they are confirmed from the new address (R1).

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

/// An e-mail address change to be stored until it is confirmed.
#[derive(Debug, Clone, Copy)]
pub struct NewEmailChange<'a> {
    /// The account that has the old address.
    pub account: AccountId,
    /// The old address.
    pub old: &'a EmailAddress,
    /// The new address.
    pub new: &'a EmailAddress,
    /// The SHA-256 hash of the token in its link.
    pub token_hash: &'a [u8],
    /// The message that contains the link.
    pub message: MessageId,
    /// When the link expires.
    pub expires_at: Timestamp,
}

/// A pending e-mail address change.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// The account that has the old address.
    pub account: Account,
    /// The old address, of which only the canonical form is stored.
    pub old: EmailAddress,
    /// The new address.
    pub new: EmailAddress,
}

/// Stores a change. It replaces any earlier change of the same address, whose e-mail is deleted if it has not been
/// sent.
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

/// Whether any account has claimed an address.
pub fn is_claimed(tx: &mut StoreConnection, email: &EmailAddress) -> Result<bool, Error> {
    let claim = email_addresses::table.filter(email_addresses::canonical.eq(email.canonical()));
    let holder: Option<Key> = claim.select(email_addresses::account_id).first(tx).optional()?;
    Ok(holder.is_some())
}

/// The pending change with this token hash. Takes no scope, because the token itself is the authority.
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
    let (old, new) = (EmailAddress::from_stored(old), EmailAddress::from_stored(new));
    Ok(account.map(|account| EmailChange { account, old, new }))
}

/// Applies a change: replaces the old address in the account and its members. Returns `false` if another account has
/// claimed the new address in the meantime; the transaction must then be rolled back.
pub fn carry_out(tx: &mut StoreConnection, change: &EmailChange, now: Timestamp) -> Result<bool, Error> {
    let EmailChange { account, old, new } = change;
    let old = old.canonical();
    let id = Key::from(account.id);
    diesel::delete(rows::table.filter(rows::account_id.eq(id)).filter(rows::old_canonical.eq(old))).execute(tx)?;
    if new.canonical() != old {
        if is_claimed(tx, new)? || !claim_email(tx, new, account.id)? {
            return Ok(false);
        }
        free_email(tx, old, account.id)?;
    }
    if account.email.canonical() == old {
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

/// Deletes all pending changes of an account that is being closed.
pub(crate) fn withdraw_all(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(rows::table.filter(rows::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
