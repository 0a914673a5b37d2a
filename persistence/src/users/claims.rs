//! Who is which SIP user and has which number, over all enterprises.

use diesel::prelude::*;
use domain::id::UserId;
use domain::refusal::UserClaim;
use domain::user::Settings;

use crate::schema::{pbxes, phone_numbers, sip_users};
use crate::store::connection::StoreConnection;
use crate::store::error::{Error, inserted};
use crate::store::key::Key;

/// Claims what a user has, in the place of what it had. Gives the claim that another user has; the transaction must then
/// be given up.
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
    // Position 0 is the default number's, whether there is one or not.
    let further = (1_i16..).zip(&settings.forwarded_numbers);
    for (position, number) in settings.default_number.iter().map(|number| (0, number)).chain(further) {
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

/// Frees what a user has.
pub(super) fn free(tx: &mut StoreConnection, user: UserId) -> Result<(), Error> {
    diesel::delete(sip_users::table.filter(sip_users::user_id.eq(Key::from(user)))).execute(tx)?;
    diesel::delete(phone_numbers::table.filter(phone_numbers::user_id.eq(Key::from(user)))).execute(tx)?;
    Ok(())
}

/// The claim of a user that another one has, as far as that can be told before anything is written: see
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
    let further = (1_i16..).zip(&settings.forwarded_numbers);
    for (position, number) in settings.default_number.iter().map(|number| (0, number)).chain(further) {
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

/// A number from its end.
pub(crate) fn reversed(number: &str) -> String {
    number.chars().rev().collect()
}

fn claim_at(position: i16) -> UserClaim {
    let index = usize::try_from(position).ok().and_then(|position| position.checked_sub(1));
    index.map_or(UserClaim::DefaultNumber, UserClaim::ForwardedNumber)
}
