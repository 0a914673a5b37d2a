//! Second factors of members: the sealed secret of the authenticator app, recovery codes, and whether an account
//! requires them.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Tier;
use domain::id::{AccountId, MemberId};
use domain::second_factor::WrongCodes;

use crate::schema::{accounts, members, recovery_codes, second_factors as factors};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

/// The second factor of a member, which may still await its first code.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// The secret shared with the authenticator app, sealed for the member.
    pub secret: Vec<u8>,
    /// When it was enabled; `None` until the member has confirmed it with a first code.
    pub since: Option<Timestamp>,
    /// The time step of the last used code.
    pub last_step: Option<i64>,
    /// The wrong codes since the last correct one.
    pub wrong: WrongCodes,
}

/// The second factor of a member, enabled or not.
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

/// Stores the secret of a member's second factor, not enabled yet. It replaces an earlier secret that was not enabled.
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

/// Enables the stored second factor of a member.
pub fn enable(tx: &mut StoreConnection, member: MemberId, now: Timestamp) -> Result<(), Error> {
    set_since(tx, member, Some(now))
}

/// Deletes a member's second factor and recovery codes.
pub fn remove(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    diesel::delete(factors::table.filter(factors::member_id.eq(Key::from(member)))).execute(tx)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)))).execute(tx)?;
    set_since(tx, member, None)
}

/// Deletes the second factors and recovery codes of all members of an account.
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

/// Records that the code of a time step was used.
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

/// Stores the count of wrong codes.
pub fn set_wrong(tx: &mut StoreConnection, member: MemberId, wrong: WrongCodes) -> Result<(), Error> {
    let WrongCodes { count, last_at } = wrong;
    diesel::update(factors::table.filter(factors::member_id.eq(Key::from(member))))
        .set((factors::wrong_codes.eq(count), factors::last_wrong_at.eq(last_at.map(column))))
        .execute(tx)?;
    Ok(())
}

/// Replaces the recovery codes of a member, given as hashes.
pub fn set_recovery_codes(tx: &mut StoreConnection, member: MemberId, hashes: &[Vec<u8>]) -> Result<(), Error> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)))).execute(tx)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::member_id.eq(Key::from(member)), recovery_codes::hash.eq(hash)))
            .execute(tx)?;
    }
    Ok(())
}

/// Uses up a recovery code. Returns `false` if the member does not have it.
pub fn take_recovery_code(tx: &mut StoreConnection, member: MemberId, hash: &[u8]) -> Result<bool, Error> {
    let own = recovery_codes::table.filter(recovery_codes::member_id.eq(Key::from(member)));
    Ok(diesel::delete(own.filter(recovery_codes::hash.eq(hash))).execute(tx)? == 1)
}

/// What a member is told of its second factor.
#[derive(Debug, Clone, Copy)]
pub struct Overview {
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether the account requires one of its members.
    pub required: bool,
    /// The number of unused recovery codes.
    pub recovery_codes_left: i64,
}

/// What a member is told of its second factor.
pub fn overview(tx: &mut StoreConnection, member: MemberId) -> Result<Overview, Error> {
    let left = recovery_codes::table.filter(recovery_codes::member_id.eq(members::id)).count().single_value();
    let (enabled, required, left): (bool, bool, Option<i64>) = members::table
        .inner_join(accounts::table.on(accounts::id.eq(members::account_id)))
        .filter(members::id.eq(Key::from(member)))
        .select((members::second_factor_since.is_not_null(), accounts::second_factor_required, left))
        .first(tx)?;
    Ok(Overview { enabled, required, recovery_codes_left: left.unwrap_or_default() })
}

/// Whether an account requires a second factor of its members.
pub fn is_required(tx: &mut StoreConnection, account: AccountId) -> Result<bool, Error> {
    let own = accounts::table.filter(accounts::id.eq(Key::from(account)));
    Ok(own.select(accounts::second_factor_required).first(tx)?)
}

/// Sets whether an account requires a second factor of its members, as somebody has decided.
pub fn set_required(tx: &mut StoreConnection, account: AccountId, required: bool) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(Key::from(account))))
        .set((accounts::second_factor_required.eq(required), accounts::second_factor_decided.eq(true)))
        .execute(tx)?;
    Ok(())
}

/// Makes the platform require a second factor of its members, unless somebody has decided or it does so already.
/// Returns the platform's account if that changed it.
pub fn require_by_default(tx: &mut StoreConnection) -> Result<Option<AccountId>, Error> {
    let undecided = accounts::table
        .filter(accounts::tier.eq(Tier::Platform.as_str()))
        .filter(accounts::second_factor_required.eq(false))
        .filter(accounts::second_factor_decided.eq(false));
    let Some(id) = undecided.select(accounts::id).first::<Key>(tx).optional()? else { return Ok(None) };
    // Another replica, or an owner, may have been faster.
    let changed = diesel::update(undecided.filter(accounts::id.eq(id)))
        .set(accounts::second_factor_required.eq(true))
        .execute(tx)?;
    Ok((changed == 1).then(|| id.id()))
}
