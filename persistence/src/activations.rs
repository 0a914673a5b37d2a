//! Activation links. An account has at most one live link (R3).

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::{Account, Scope, Tier};
use domain::delivery::Delivery;
use domain::id::{AccountId, MessageId};

use crate::accounts;
use crate::outbox::withdraw_one;
use crate::schema::{accounts as account_rows, activations};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::rows;
use crate::store::time::{Instant, column};

/// An activation link to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewActivation<'a> {
    /// The account that it activates.
    pub account: AccountId,
    /// The hash of its token.
    pub token_hash: &'a [u8],
    /// The message that contains the link.
    pub message: MessageId,
    /// When it was created.
    pub now: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Stores the activation link of an account. An earlier link is replaced and stops working; the e-mail that contains it
/// is withdrawn if it was not sent yet.
pub fn replace(tx: &mut StoreConnection, activation: &NewActivation<'_>) -> Result<(), Error> {
    let NewActivation { account, token_hash, message, now, expires_at } = *activation;
    let of_account = activations::table.filter(activations::account_id.eq(Key::from(account)));
    let earlier: Option<Key> = of_account.select(activations::message_id).first(tx).optional()?;
    let values = (
        activations::token_hash.eq(token_hash),
        activations::message_id.eq(Key::from(message)),
        activations::created_at.eq(column(now)),
        activations::expires_at.eq(column(expires_at)),
        activations::used_at.eq(None::<Instant>),
        activations::delivery.eq(Delivery::Queued.as_str()),
        activations::sent_at.eq(None::<Instant>),
    );
    if let Some(earlier) = earlier {
        diesel::update(of_account).set(values).execute(tx)?;
        return withdraw_one(tx, earlier);
    }
    let id = activations::account_id.eq(Key::from(account));
    diesel::insert_into(activations::table).values((id, values)).execute(tx)?;
    Ok(())
}

/// Stores the activation links of new accounts, which must not have one yet.
pub fn insert_all(tx: &mut StoreConnection, links: &[NewActivation<'_>]) -> Result<(), Error> {
    let columns = rows::columns!(links;
        account_id: Keys = |link| Some(link.account.into()),
        token_hash: Octets = |link| Some(link.token_hash),
        message_id: Keys = |link| Some(link.message.into()),
        created_at: Instants = |link| Some(column(link.now)),
        expires_at: Instants = |link| Some(column(link.expires_at)),
        delivery: Texts = |_| Some(Delivery::Queued.as_str()),
    );
    rows::insert(tx, "activations", columns)?;
    Ok(())
}

/// The account whose live link has one of these token hashes. Takes no scope, because the token itself is the
/// authority.
pub fn account_by_token(
    tx: &mut StoreConnection,
    hashes: [Vec<u8>; 2],
    now: Timestamp,
) -> Result<Option<Account>, Error> {
    let found: Option<(Key, String)> = activations::table
        .inner_join(account_rows::table.on(account_rows::id.eq(activations::account_id)))
        .filter(activations::token_hash.eq_any(hashes))
        .filter(activations::used_at.is_null())
        .filter(activations::expires_at.gt(column(now)))
        .select((account_rows::id, account_rows::tier))
        .first(tx)
        .optional()?;
    let Some((id, tier)) = found else { return Ok(None) };
    let tier = Tier::parse(&tier).ok_or_else(|| Error::Corrupt(format!("tier {tier:?}")))?;
    accounts::by_id(tx, &Scope::Platform, tier, id.id())
}

/// Uses the live link with one of these token hashes. Returns `false` if it has already been used.
pub fn redeem(tx: &mut StoreConnection, hashes: [Vec<u8>; 2], now: Timestamp) -> Result<bool, Error> {
    let live = activations::table
        .filter(activations::token_hash.eq_any(hashes))
        .filter(activations::used_at.is_null())
        .filter(activations::expires_at.gt(column(now)));
    Ok(diesel::update(live).set(activations::used_at.eq(column(now))).execute(tx)? == 1)
}

/// Deletes the activation link of an account, together with the reference to its e-mail.
pub(crate) fn revoke(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    diesel::delete(activations::table.filter(activations::account_id.eq(Key::from(account)))).execute(tx)?;
    Ok(())
}
