//! Second factors of members: the sealed secret of the app, recovery codes, and whether an account asks for one.

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{AccountId, MemberId};
use domain::second_factor::WrongCodes;

use crate::schema::{accounts, members, recovery_codes, second_factors as factors};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// The second factor of a member, or what is to become one.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The secret that the app shares, sealed for the member.
    pub secret: Vec<u8>,
    /// Since when it counts; `None` until the member has given a first code.
    pub since: Option<Timestamp>,
    /// The step of time whose code was used last.
    pub last_step: Option<i64>,
    /// The codes that were wrong since the last right one.
    pub wrong: WrongCodes,
}

/// The second factor of a member.
pub fn find(tx: &mut StoreConnection, member: MemberId) -> Result<Option<SecondFactor>, Error> {
    type Row = (Vec<u8>, Option<Instant>, Option<i64>, i32, Option<Instant>);
    let row: Option<Row> = factors::table
        .inner_join(members::table.on(members::id.eq(factors::member_id)))
        .filter(factors::member_id.eq(Key::from(member)))
        .select((
            factors::secret,
            members::second_factor_since,
            factors::last_step,
            factors::wrong_codes,
            factors::last_wrong_at,
        ))
        .first(tx)
        .optional()?;
    Ok(row.map(|(secret, since, last_step, count, last_at)| SecondFactor {
        secret,
        since: since.map(instant),
        last_step,
        wrong: WrongCodes { count, last_at: last_at.map(instant) },
    }))
}

/// Stores a secret that is to become a member's second factor, in place of an earlier one that has not become one.
pub fn prepare(tx: &mut StoreConnection, member: MemberId, secret: &[u8], now: Timestamp) -> Result<(), Error> {
    diesel::delete(factors::table.filter(factors::member_id.eq(Key::from(member)))).execute(tx)?;
    diesel::insert_into(factors::table)
        .values((
            factors::member_id.eq(Key::from(member)),
            factors::secret.eq(secret),
            factors::created_at.eq(column(now)),
            factors::last_step.eq(None::<i64>),
            factors::wrong_codes.eq(0),
            factors::last_wrong_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    Ok(())
}

/// The secret becomes the member's second factor.
pub fn enable(tx: &mut StoreConnection, member: MemberId, now: Timestamp) -> Result<(), Error> {
    set_since(tx, member, Some(now))
}

/// Takes a member's second factor away, and its recovery codes.
pub fn remove(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    diesel::delete(factors::table.filter(factors::member_id.eq(Key::from(member)))).execute(tx)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)))).execute(tx)?;
    set_since(tx, member, None)
}

/// Takes the second factors of all members of an account away.
pub(crate) fn remove_all(tx: &mut StoreConnection, account: AccountId) -> Result<(), Error> {
    let own = members::table.filter(members::account_id.eq(Key::from(account)));
    let having: Vec<Key> =
        own.inner_join(factors::table.on(factors::member_id.eq(members::id))).select(members::id).load(tx)?;
    having.into_iter().try_for_each(|member| remove(tx, member.id()))
}

fn set_since(tx: &mut StoreConnection, member: MemberId, since: Option<Timestamp>) -> Result<(), Error> {
    diesel::update(members::table.filter(members::id.eq(Key::from(member))))
        .set((members::second_factor_since.eq(since.map(column)), members::version.eq(members::version + 1)))
        .execute(tx)?;
    Ok(())
}

/// Notes that the code of a step of time was used.
pub fn used(tx: &mut StoreConnection, member: MemberId, step: i64) -> Result<(), Error> {
    diesel::update(factors::table.filter(factors::member_id.eq(Key::from(member))))
        .set((
            factors::last_step.eq(Some(step)),
            factors::wrong_codes.eq(0),
            factors::last_wrong_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    Ok(())
}

/// Notes how many codes were wrong.
pub fn set_wrong(tx: &mut StoreConnection, member: MemberId, wrong: WrongCodes) -> Result<(), Error> {
    let WrongCodes { count, last_at } = wrong;
    diesel::update(factors::table.filter(factors::member_id.eq(Key::from(member))))
        .set((factors::wrong_codes.eq(count), factors::last_wrong_at.eq(last_at.map(column))))
        .execute(tx)?;
    Ok(())
}

/// Stores the hashes of a member's recovery codes, in place of those before.
pub fn set_recovery_codes(tx: &mut StoreConnection, member: MemberId, hashes: &[Vec<u8>]) -> Result<(), Error> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)))).execute(tx)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::member_id.eq(Key::from(member)), recovery_codes::hash.eq(hash)))
            .execute(tx)?;
    }
    Ok(())
}

/// Uses up a recovery code. `false` when the member has no such one.
pub fn take_recovery_code(tx: &mut StoreConnection, member: MemberId, hash: &[u8]) -> Result<bool, Error> {
    let own = recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)));
    Ok(diesel::delete(own.filter(recovery_codes::hash.eq(hash))).execute(tx)? == 1)
}

/// How many recovery codes a member has left.
pub fn recovery_codes_left(tx: &mut StoreConnection, member: MemberId) -> Result<i64, Error> {
    let own = recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)));
    Ok(own.select(count_star()).first(tx)?)
}

/// Whether an account asks its members for a second factor.
pub fn is_required(tx: &mut StoreConnection, account: AccountId) -> Result<bool, Error> {
    let own = accounts::table.filter(accounts::id.eq(Key::from(account)));
    Ok(own.select(accounts::second_factor_required).first(tx)?)
}

/// Makes an account ask its members for a second factor, or not.
pub fn set_required(tx: &mut StoreConnection, account: AccountId, required: bool) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(Key::from(account))))
        .set(accounts::second_factor_required.eq(required))
        .execute(tx)?;
    Ok(())
}
