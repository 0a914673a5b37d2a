//! What is done for a token request.

use std::net::IpAddr;

use domain::Timestamp;
use domain::id::{ClientId, SessionId};
use domain::principal::Principal;
use persistence::signed_in::Known;
use persistence::{StoreConnection, api_clients};

use crate::http::{Error, ErrorCode};

/// Finds out whether a client and its secret go together, and from where it may call; notes that it was used. Gives the secret's
/// id, which the token names as its session.
pub fn authenticate(
    tx: &mut StoreConnection,
    client: ClientId,
    secret_hash: &[u8],
    address: IpAddr,
    now: Timestamp,
) -> Result<SessionId, Error> {
    let (_, secret) =
        api_clients::by_secret(tx, secret_hash)?.filter(|(owner, _)| *owner == client).ok_or_else(wrong)?;
    let known = Known::default().signed_in(tx, Principal::Client(client), secret, now)?.ok_or_else(wrong)?;
    if !known.may_call_from(address) {
        let detail = "This API client may not call from your network address: see its `allowed_networks`.";
        return Err(Error::new(ErrorCode::InvalidClient, detail));
    }
    if !known.operates {
        let detail = "The account of this API client, or one above it, is suspended. Ask whoever provides it to you.";
        return Err(Error::new(ErrorCode::InvalidClient, detail));
    }
    api_clients::used(tx, client, now)?;
    Ok(secret)
}

/// The answer to whatever does not go together.
#[must_use]
pub fn wrong() -> Error {
    let detail = "Client id and secret do not go together, or the API client has expired or was revoked.";
    Error::new(ErrorCode::InvalidClient, detail)
}
