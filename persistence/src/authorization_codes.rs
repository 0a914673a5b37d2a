//! Authorization codes of the sign-in page, which programs exchange for tokens (RFC 6749 section 4.1).

use diesel::prelude::*;
use domain::Timestamp;
use domain::id::{MemberId, SessionId};

use crate::schema::authorization_codes as codes;
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::column;

/// The data of an authorization code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The member who signed in.
    pub member: MemberId,
    /// The redirect URI that the code was sent to.
    pub redirect_uri: String,
    /// The PKCE code challenge: the SHA-256 hash of the code verifier in base64url (RFC 7636).
    pub challenge: String,
}

/// Stores an authorization code under its hash.
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

/// The member that a code belongs to. The member has to be locked before the code is redeemed.
pub fn member(tx: &mut StoreConnection, hash: &[u8]) -> Result<Option<MemberId>, Error> {
    let own = codes::table.filter(codes::hash.eq(hash));
    let found: Option<Key> = own.select(codes::member_id).first(tx).optional()?;
    Ok(found.map(Key::id))
}

/// Deletes the unused codes of a member.
pub(crate) fn withdraw(tx: &mut StoreConnection, member: MemberId) -> Result<(), Error> {
    diesel::delete(codes::table.filter(codes::member_id.eq(Key::from(member)))).execute(tx)?;
    Ok(())
}

/// What a code is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It can be exchanged for a session.
    Unused(AuthorizationCode),
    /// It was exchanged for this session before.
    Used(SessionId),
    /// It does not exist or has expired.
    Nothing,
}

/// Finds a code. The member that it belongs to must be locked.
pub fn find(tx: &mut StoreConnection, hash: &[u8], now: Timestamp) -> Result<Found, Error> {
    let own = codes::table.filter(codes::hash.eq(hash)).filter(codes::expires_at.gt(column(now)));
    let found: Option<(Key, String, String, Option<Key>)> = own
        .select((codes::member_id, codes::redirect_uri, codes::challenge, codes::session_id))
        .first(tx)
        .optional()?;
    Ok(match found {
        None => Found::Nothing,
        Some((_, _, _, Some(session))) => Found::Used(session.id()),
        Some((member, redirect_uri, challenge, None)) => {
            Found::Unused(AuthorizationCode { member: member.id(), redirect_uri, challenge })
        }
    })
}

/// Notes the session that a code was exchanged for.
pub fn used(tx: &mut StoreConnection, hash: &[u8], session: SessionId) -> Result<(), Error> {
    let own = codes::table.filter(codes::hash.eq(hash));
    diesel::update(own).set(codes::session_id.eq(Some(Key::from(session)))).execute(tx)?;
    Ok(())
}

/// Deletes a code, so that it can't be used any more.
pub fn delete(tx: &mut StoreConnection, hash: &[u8]) -> Result<(), Error> {
    diesel::delete(codes::table.filter(codes::hash.eq(hash))).execute(tx)?;
    Ok(())
}
