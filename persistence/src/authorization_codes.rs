//! Codes that the sign-in page gave, until a program exchanges them for tokens (RFC 6749 section 4.1).

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::MemberId;

use crate::schema::authorization_codes as codes;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::column;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Who signed in.
    pub member: MemberId,
    /// Where the code was sent to.
    pub redirect_uri: String,
    /// The SHA-256 of what only the program knows that asked for it, in base64url (RFC 7636).
    pub challenge: String,
}

/// Stores a code by the hash of it.
pub fn insert(
    tx: &mut StoreConnection,
    hash: &[u8],
    code: &AuthorizationCode,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let AuthorizationCode { member, redirect_uri, challenge } = code;
    diesel::insert_into(codes::table)
        .values((
            codes::hash.eq(hash),
            codes::member_id.eq(Key::from(*member)),
            codes::redirect_uri.eq(redirect_uri),
            codes::challenge.eq(challenge),
            codes::expires_at.eq(column(expires_at)),
        ))
        .execute(tx)?;
    Ok(())
}

/// Whose code this is, to hold before it is used.
pub fn member(tx: &mut StoreConnection, hash: &[u8]) -> Result<Option<MemberId>, Error> {
    let own = codes::table.filter(codes::hash.eq(hash));
    let found: Option<Key> = own.select(codes::member_id).first(tx).optional()?;
    Ok(found.map(Key::id))
}

/// Takes back the codes of a member that were not exchanged yet.
pub(crate) fn withdraw(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    diesel::delete(codes::table.filter(codes::member_id.eq(Key::from(member)))).execute(tx)?;
    Ok(())
}

/// Uses up a code, whatever becomes of it: one that was tried is not tried again.
pub fn redeem(tx: &mut StoreConnection, hash: &[u8], now: Timestamp) -> Result<Option<AuthorizationCode>, Error> {
    let own = codes::table.filter(codes::hash.eq(hash));
    let found: Option<(Key, String, String)> = own
        .filter(codes::expires_at.gt(column(now)))
        .select((codes::member_id, codes::redirect_uri, codes::challenge))
        .first(tx)
        .optional()?;
    if diesel::delete(own).execute(tx)? == 0 {
        return Ok(None);
    }
    Ok(found.map(|(member, redirect_uri, challenge)| AuthorizationCode {
        member: member.id(),
        redirect_uri,
        challenge,
    }))
}
