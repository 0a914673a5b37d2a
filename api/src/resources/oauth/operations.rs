//! Operations of the token endpoint and of the sign-in page.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::{ClientId, MemberId, SessionId};
use domain::limits::AUTHORIZATION_CODE_SECONDS;
use domain::principal::Principal;
use persistence::authorization_codes::{AuthorizationCode, Found};
use persistence::members::Member;
use persistence::{Known, StoreConnection, api_clients, authorization_codes, guesses, members, sessions, signed_in};
use secrecy::{ExposeSecret, SecretString};

use super::wire::AskedFor;
use crate::app::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::resources::auth::operations::start;
use crate::security::secret_token::{SecretToken, hash};

/// Authenticates an API client: the secret must belong to it, the address must be allowed and its account must operate.
/// Records that the client was used. Returns the id of the secret, which is the session of the access token; `None` if
/// the secret is wrong.
pub fn authenticate(
    tx: &mut StoreConnection,
    client: ClientId,
    secret_hash: &[u8],
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<SessionId>> {
    let found = api_clients::by_secret(tx, secret_hash)?.filter(|(owner, _)| *owner == client);
    let Some((_, secret)) = found else { return Ok(None) };
    let known =
        signed_in::find(tx, &mut Known::default(), Principal::Client(client), secret, now)?.ok_or_else(wrong)?;
    if !known.may_call_from(address) {
        let detail = "This API client may not call from your network address: see its `allowed_networks`.";
        return Err(Error::new(ErrorCode::InvalidClient, detail));
    }
    if !known.operates {
        let detail = "The account of this API client, or one above it, is suspended. Ask whoever provides it to you.";
        return Err(Error::new(ErrorCode::InvalidClient, detail));
    }
    api_clients::used(tx, client, now)?;
    guesses::forget(tx, &hash(&client.to_string()))?;
    Ok(Some(secret))
}

/// Issues an authorization code for a member that has signed in on the sign-in page.
pub fn give_code(tx: &mut Tx<'_>, member: &Member, asked: &AskedFor) -> Result<SecretToken> {
    let AskedFor { redirect_uri, challenge } = asked.clone();
    let code = SecretToken::generate();
    let stands_for = AuthorizationCode { member: member.id, redirect_uri, challenge };
    let expires_at = tx.now + TimeDelta::seconds(AUTHORIZATION_CODE_SECONDS);
    authorization_codes::insert(tx, &code.hash(), &stands_for, expires_at)?;
    Ok(code)
}

/// Exchanges an authorization code for a session. `None` if the code does not work; this is not an error, so that the
/// code is committed as used. A code that was exchanged before ends the session that it was exchanged for, because one of
/// the two who used it stole it (RFC 6749 section 4.1.2).
pub fn exchange(
    tx: &mut Tx<'_>,
    (code, redirect_uri, verifier): (&SecretToken, &str, &SecretString),
    refresh: &SecretToken,
) -> Result<Option<(MemberId, SessionId)>> {
    let now = tx.now;
    // Lock the member before redeeming the code: changing the password or the second factor revokes it.
    let Some(member) = authorization_codes::member(tx, &code.hash())? else { return Ok(None) };
    members::hold(tx, member)?;
    let found = match authorization_codes::find(tx, &code.hash(), now)? {
        Found::Unused(found) => found,
        Found::Used(session) => {
            sessions::end(tx, session, now)?;
            return Ok(None);
        }
        Found::Nothing => return Ok(None),
    };
    let challenge = URL_SAFE_NO_PAD.encode(hash(verifier.expose_secret()));
    let is_theirs = verify_slices_are_equal(challenge.as_bytes(), found.challenge.as_bytes()).is_ok();
    if !is_theirs || found.redirect_uri != redirect_uri {
        authorization_codes::delete(tx, &code.hash())?;
        return Ok(None);
    }
    let Some(member) = members::by_id(tx, found.member)?.filter(|member| member.account.operates()) else {
        return Ok(None);
    };
    let session = start(tx, &member, refresh)?;
    authorization_codes::used(tx, &code.hash(), session)?;
    Ok(Some((member.id, session)))
}

/// The error for wrong client credentials.
#[must_use]
pub fn wrong() -> Error {
    let detail = "Client id and secret do not go together, or the API client has expired or was revoked.";
    Error::new(ErrorCode::InvalidClient, detail)
}
