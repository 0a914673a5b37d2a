//! Password reset links. A member has at most one live link.

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::MemberId;

use crate::schema::password_resets;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{column, instant};

/// When the live link of a member was created; `None` if there is none.
pub fn written_at(tx: &mut StoreConnection, member: MemberId) -> Result<Option<Timestamp>, Error> {
    let of_member = password_resets::table.filter(password_resets::member_id.eq(Key::from(member)));
    Ok(of_member.select(password_resets::created_at).first(tx).optional()?.map(instant))
}

/// Stores the reset link of a member. It replaces any earlier one.
pub fn replace(
    tx: &mut StoreConnection,
    member: MemberId,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    diesel::delete(password_resets::table.filter(password_resets::member_id.eq(Key::from(member)))).execute(tx)?;
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::member_id.eq(Key::from(member)),
            password_resets::token_hash.eq(token_hash),
            password_resets::created_at.eq(column(now)),
            password_resets::expires_at.eq(column(expires_at)),
        ))
        .execute(tx)?;
    Ok(())
}

/// The member whose live link has this token hash.
pub fn member(tx: &mut StoreConnection, token_hash: &[u8], now: Timestamp) -> Result<Option<MemberId>, Error> {
    let live = password_resets::table
        .filter(password_resets::token_hash.eq(token_hash))
        .filter(password_resets::expires_at.gt(column(now)));
    let found: Option<Key> = live.select(password_resets::member_id).first(tx).optional()?;
    Ok(found.map(Key::id))
}

/// Deletes the link of a member, because it was sent to an address that the member no longer has.
pub fn withdraw(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    let links = password_resets::table.filter(password_resets::member_id.eq(Key::from(member)));
    diesel::delete(links).execute(tx)?;
    Ok(())
}

/// Uses the live link with this token hash. Returns `false` if it has already been used.
pub fn redeem(tx: &mut StoreConnection, token_hash: &[u8]) -> Result<bool, Error> {
    let link = password_resets::table.filter(password_resets::token_hash.eq(token_hash));
    Ok(diesel::delete(link).execute(tx)? == 1)
}
