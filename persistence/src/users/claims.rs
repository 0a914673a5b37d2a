//! Which user has which SIP user and which phone numbers. Both are unique across all enterprises.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::id::{AccountId, UserId};
use domain::refusal::UserClaim;
use domain::user::Settings;
use domain::values::phone_number::PhoneNumber;

use crate::schema::{pbxes, phone_numbers, sip_users, users};
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::Key;

/// Claims the SIP user and phone numbers of a user, replacing its earlier claims. If another user has one of them,
/// returns that claim; the transaction must then be rolled back.
pub(super) fn claim(tx: &mut StoreConnection, user: UserId, settings: &Settings) -> Result<Option<UserClaim>, Error> {
    free(tx, user)?;
    if let (Some(pbx), Some(sip_user)) = (settings.assignment.pbx(), settings.assignment.sip_user()) {
        let domain: String = pbxes::table.filter(pbxes::id.eq(Key::from(pbx))).select(pbxes::sip_domain).first(tx)?;
        let claim = (
            sip_users::sip_domain.eq(&domain),
            sip_users::sip_user.eq(sip_user.as_str()),
            sip_users::user_id.eq(Key::from(user)),
        );
        if !inserted(diesel::insert_into(sip_users::table).values(claim).execute(tx))? {
            return Ok(Some(UserClaim::SipUser));
        }
    }
    for (position, number) in numbered(settings) {
        let claim = (
            phone_numbers::number.eq(number.as_str()),
            phone_numbers::reversed.eq(reversed(number.as_str())),
            phone_numbers::user_id.eq(Key::from(user)),
            phone_numbers::position.eq(position),
        );
        if !inserted(diesel::insert_into(phone_numbers::table).values(claim).execute(tx))? {
            return Ok(Some(claim_at(position)));
        }
    }
    Ok(None)
}

/// Frees all claims of a user.
pub(super) fn free(tx: &mut StoreConnection, user: UserId) -> Result<(), Error> {
    diesel::delete(sip_users::table.filter(sip_users::user_id.eq(Key::from(user)))).execute(tx)?;
    diesel::delete(phone_numbers::table.filter(phone_numbers::user_id.eq(Key::from(user)))).execute(tx)?;
    Ok(())
}

/// The first claim of a user that another user already has. Only a check in advance: see `is_taken` in
/// `accounts::addresses`.
pub(super) fn claimed(tx: &mut StoreConnection, user: UserId, settings: &Settings) -> Result<Option<UserClaim>, Error> {
    let StoreConnection::Sqlite(connection) = tx else { return Ok(None) };
    let user = Key::from(user);
    if let (Some(pbx), Some(sip_user)) = (settings.assignment.pbx(), settings.assignment.sip_user()) {
        let domain = pbxes::table.filter(pbxes::id.eq(Key::from(pbx))).select(pbxes::sip_domain);
        let holder = sip_users::table
            .filter(sip_users::sip_domain.eq_any(domain))
            .filter(sip_users::sip_user.eq(sip_user.as_str()))
            .filter(sip_users::user_id.ne(user))
            .select(sip_users::user_id);
        if holder.first::<Key>(connection).optional()?.is_some() {
            return Ok(Some(UserClaim::SipUser));
        }
    }
    for (position, number) in numbered(settings) {
        let holder = phone_numbers::table
            .filter(phone_numbers::number.eq(number.as_str()))
            .filter(phone_numbers::user_id.ne(user))
            .select(phone_numbers::user_id);
        if holder.first::<Key>(connection).optional()?.is_some() {
            return Ok(Some(claim_at(position)));
        }
    }
    Ok(None)
}

/// The enterprises of those who have one of the numbers, or the SIP user in the SIP domain of the PBX.
pub fn holders(tx: &mut StoreConnection, settings: &Settings) -> Result<BTreeSet<AccountId>, Error> {
    let mut holders: Vec<Key> = Vec::new();
    if let (Some(pbx), Some(sip_user)) = (settings.assignment.pbx(), settings.assignment.sip_user()) {
        let domain = pbxes::table.filter(pbxes::id.eq(Key::from(pbx))).select(pbxes::sip_domain);
        let held = sip_users::table.filter(sip_users::sip_domain.eq_any(domain));
        let held = held.filter(sip_users::sip_user.eq(sip_user.as_str())).select(sip_users::user_id);
        holders.extend(held.load::<Key>(tx)?);
    }
    for number in settings.numbers() {
        let held = phone_numbers::table.filter(phone_numbers::number.eq(number.as_str()));
        holders.extend(held.select(phone_numbers::user_id).load::<Key>(tx)?);
    }
    let mut enterprises = BTreeSet::new();
    for holder in holders {
        let enterprise: Key = users::table.filter(users::id.eq(holder)).select(users::account_id).first(tx)?;
        enterprises.insert(enterprise.id());
    }
    Ok(enterprises)
}

/// A phone number with its characters reversed, for searches by suffix.
pub(crate) fn reversed(number: &str) -> String {
    number.chars().rev().collect()
}

/// The phone numbers of a user with their positions. Position 0 is reserved for the default number.
pub(super) fn numbered(settings: &Settings) -> impl Iterator<Item = (i16, &PhoneNumber)> {
    let further = (1_i16..).zip(&settings.forwarded_numbers);
    settings.default_number.iter().map(|number| (0, number)).chain(further)
}

/// The claim of the phone number at a position.
pub(super) fn claim_at(position: i16) -> UserClaim {
    let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
    index.map_or(UserClaim::DefaultNumber, UserClaim::ForwardedNumber)
}
