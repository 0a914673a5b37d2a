//! Pending changes of e-mail addresses, which take effect once they are confirmed from the new address (R1).

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::id::{AccountId, MessageId};
use domain::values::email::EmailAddress;

use crate::accounts;
use crate::accounts::{claim_email, free_email};
use crate::outbox::withdraw_one;
use crate::schema::{accounts as account_rows, email_addresses, email_changes as rows, members};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::text::search_text;
use crate::store::time::{Instant, column, instant};

/// An e-mail address change to be stored until it is confirmed.
#[derive(Debug, Clone, Copy)]
pub struct NewEmailChange<'a> {
    /// The account that has the old address.
    pub account: AccountId,
    /// The old address.
    pub old: &'a EmailAddress,
    /// The new address.
    pub new: &'a EmailAddress,
    /// The SHA-256 hash of the token in the link to the new address.
    pub token_hash: &'a [u8],
    /// The SHA-256 hash of the token in the link to the old address.
    pub consent_hash: &'a [u8],
    /// Whether whoever has the old address has requested the change.
    pub is_own: bool,
    /// When the change can take effect without consent; `None` if it can't.
    pub not_before: Option<Timestamp>,
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
    /// Whether whoever has the old address consented.
    pub has_consent: bool,
    /// Whether the new address was confirmed.
    pub is_confirmed: bool,
    /// When the change can take effect without consent; `None` if it can't.
    pub not_before: Option<Timestamp>,
}

impl EmailChange {
    /// Whether the change may take effect as far as the old address is concerned.
    #[must_use]
    pub fn is_agreed(&self, now: Timestamp) -> bool {
        self.has_consent || self.not_before.is_some_and(|from| from <= now)
    }
}

/// Stores a change. It replaces any earlier change of the same address, whose e-mail is deleted if it has not been
/// sent.
pub fn replace(tx: &mut StoreConnection, change: &NewEmailChange<'_>, now: Timestamp) -> Result<(), Error> {
    let NewEmailChange { account, old, new, token_hash, consent_hash, is_own, not_before, message, expires_at } =
        *change;
    cancel(tx, account, old.canonical())?;
    diesel::insert_into(rows::table)
        .values((
            rows::account_id.eq(Key::from(account)),
            rows::old_canonical.eq(old.canonical()),
            rows::email.eq(new.given()),
            rows::token_hash.eq(token_hash),
            rows::message_id.eq(Key::from(message)),
            rows::created_at.eq(column(now)),
            rows::expires_at.eq(column(expires_at)),
            rows::consent_hash.eq(Some(consent_hash)),
            rows::consented_at.eq(is_own.then(|| column(now))),
            rows::confirmed_at.eq(None::<Instant>),
            rows::not_before.eq(not_before.map(column)),
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

/// Which of the two links of a change a token is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The link to the old address.
    Old,
    /// The link to the new address.
    New,
}

/// The pending change with this token hash. Takes no scope, because the token itself is the authority.
pub fn by_token(
    tx: &mut StoreConnection,
    side: Side,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<EmailChange>, Error> {
    type Row = ((Key, String), (String, String), (Option<Instant>, Option<Instant>, Option<Instant>));
    let mut wanted = rows::table
        .inner_join(account_rows::table.on(account_rows::id.eq(rows::account_id)))
        .filter(rows::expires_at.gt(column(now)))
        .into_boxed();
    wanted = match side {
        Side::Old => wanted.filter(rows::consent_hash.eq(Some(token_hash))),
        Side::New => wanted.filter(rows::token_hash.eq(token_hash)),
    };
    let found: Option<Row> = wanted
        .select((
            (account_rows::id, account_rows::tier),
            (rows::old_canonical, rows::email),
            (rows::consented_at, rows::confirmed_at, rows::not_before),
        ))
        .first(tx)
        .optional()?;
    let Some(((account, tier), (old, new), (consented_at, confirmed_at, not_before))) = found else { return Ok(None) };
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    let account = accounts::by_id(tx, &Scope::Platform, tier, account.id())?;
    Ok(account.map(|account| EmailChange {
        account,
        old: EmailAddress::from_stored(old),
        new: EmailAddress::from_stored(new),
        has_consent: consented_at.is_some(),
        is_confirmed: confirmed_at.is_some(),
        not_before: not_before.map(instant),
    }))
}

/// Notes that the link to one side was followed.
pub fn agree(tx: &mut StoreConnection, side: Side, change: &EmailChange, now: Timestamp) -> Result<(), Error> {
    let own = rows::table.filter(rows::account_id.eq(Key::from(change.account.id)));
    let own = own.filter(rows::old_canonical.eq(change.old.canonical()));
    match side {
        Side::Old => diesel::update(own).set(rows::consented_at.eq(Some(column(now)))).execute(tx)?,
        Side::New => diesel::update(own).set(rows::confirmed_at.eq(Some(column(now)))).execute(tx)?,
    };
    Ok(())
}

/// Deletes the pending change of an address, and its e-mail if it has not been sent. Returns whether there was one.
pub fn cancel(tx: &mut StoreConnection, account: AccountId, old_canonical: &str) -> Result<bool, Error> {
    let pending =
        rows::table.filter(rows::account_id.eq(Key::from(account))).filter(rows::old_canonical.eq(old_canonical));
    let sent: Option<Key> = pending.select(rows::message_id).first(tx).optional()?;
    diesel::delete(pending).execute(tx)?;
    if let Some(sent) = sent {
        withdraw_one(tx, sent)?;
    }
    Ok(sent.is_some())
}

/// Applies a change: replaces the old address in the account and its members. Returns `false` if another account has
/// claimed the new address in the meantime; the transaction must then be rolled back.
pub fn carry_out(tx: &mut StoreConnection, change: &EmailChange, now: Timestamp) -> Result<bool, Error> {
    let EmailChange { account, old, new, has_consent: _, is_confirmed: _, not_before: _ } = change;
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
