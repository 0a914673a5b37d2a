//! Looks up the authenticated caller of a request: a member by its session, an API client by the secret with which it
//! obtained its token.

use diesel::prelude::*;
use domain::Timestamp;
use domain::account::Tier;
use domain::api_client::Terms;
use domain::id::{ClientId, SessionId};
use domain::principal::Principal;
use domain::status::Status;

use crate::accounts::{MASTER, RESELLER, parse_status};
use crate::api_clients::parse_networks;
use crate::members::parse_role;
use crate::schema::{accounts, api_client_secrets as secrets, api_clients as clients, members, sessions};
use crate::store::caller_cache::{CallerCache, SignedIn};
use crate::store::connection::{StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::prepared::Prepared;
use crate::store::time::{Instant, instant};

/// The caller with this session. `None` if the session has ended or expired, or if the member or API client was
/// removed. For an API client, the session is the id of the secret with which it obtained its token.
pub fn find(
    tx: &mut StoreConnection,
    cache: &mut CallerCache,
    principal: Principal,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<SignedIn>, Error> {
    let found = cache.signed_in(session, || look_up(tx, principal, session))?;
    let lasts = |signed_in: &SignedIn| signed_in.expires_at.is_none_or(|end| end > now);
    Ok(found.filter(|signed_in| signed_in.principal == principal && lasts(signed_in)))
}

fn look_up(tx: &mut StoreConnection, principal: Principal, session: SessionId) -> Result<Option<SignedIn>, Error> {
    match principal {
        Principal::Member(_) => member(tx, session),
        Principal::Client(id) => client(tx, id, session),
    }
}

/// The member with this session.
fn member(tx: &mut StoreConnection, session: SessionId) -> Result<Option<SignedIn>, Error> {
    type SignIn = (bool, Option<Instant>, bool);
    type Row = (Key, String, Key, String, String, Option<String>, Option<String>, Instant, SignIn);
    let found = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .inner_join(accounts::table.on(accounts::id.eq(members::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(sessions::id.eq(Key::from(session)))
        .filter(sessions::ended_at.is_null())
        .filter(members::removed_at.is_null())
        .select((
            members::id,
            members::role,
            accounts::id,
            accounts::tier,
            accounts::status,
            MASTER.field(accounts::status).nullable(),
            RESELLER.field(accounts::status).nullable(),
            sessions::expires_at,
            (accounts::second_factor_required, members::second_factor_since, members::password_is_temporary),
        ));
    let row: Option<Row> = on!(tx, connection => Prepared(found).get_result(connection)).optional()?;
    let Some((id, role, account, tier, own, master, reseller, expires_at, sign_in)) = row else {
        return Ok(None);
    };
    let (required, since, has_temporary_password) = sign_in;
    Ok(Some(SignedIn {
        principal: Principal::Member(id.id()),
        role: parse_role(&role)?,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: required && since.is_none(),
        has_temporary_password,
        terms: None,
        expires_at: Some(instant(expires_at)),
    }))
}

/// The API client with this secret.
fn client(tx: &mut StoreConnection, id: ClientId, secret: SessionId) -> Result<Option<SignedIn>, Error> {
    type Terms4 = (String, String, Option<Instant>, Option<Instant>);
    type Row = (Terms4, Key, String, String, Option<String>, Option<String>);
    let row: Option<Row> = secrets::table
        .inner_join(clients::table.on(clients::id.eq(secrets::client_id)))
        .inner_join(accounts::table.on(accounts::id.eq(clients::account_id)))
        .left_join(MASTER.on(MASTER.field(accounts::id).nullable().eq(accounts::master_reseller_id)))
        .left_join(RESELLER.on(RESELLER.field(accounts::id).nullable().eq(accounts::reseller_id)))
        .filter(secrets::id.eq(Key::from(secret)))
        .filter(clients::id.eq(Key::from(id)))
        .filter(clients::revoked_at.is_null())
        .select((
            (clients::role, clients::allowed_networks, clients::expires_at, secrets::expires_at),
            accounts::id,
            accounts::tier,
            accounts::status,
            MASTER.field(accounts::status).nullable(),
            RESELLER.field(accounts::status).nullable(),
        ))
        .first(tx)
        .optional()?;
    let Some(((role, networks, client_ends, secret_ends), account, tier, own, master, reseller)) = row else {
        return Ok(None);
    };
    let role = parse_role(&role)?;
    let (client_ends, secret_ends) = (client_ends.map(instant), secret_ends.map(instant));
    Ok(Some(SignedIn {
        principal: Principal::Client(id),
        role,
        account: account.id(),
        tier: parse_tier(&tier)?,
        operates: operates(&own, master, reseller)?,
        lacks_second_factor: false,
        has_temporary_password: false,
        terms: Some(Terms { role, expires_at: client_ends, networks: parse_networks(&networks)? }),
        expires_at: [client_ends, secret_ends].into_iter().flatten().min(),
    }))
}

fn operates(own: &str, master: Option<String>, reseller: Option<String>) -> Result<bool, Error> {
    let mut operates = parse_status(own)? == Status::Active;
    for ancestor in [master, reseller].into_iter().flatten() {
        operates &= parse_status(&ancestor)? == Status::Active;
    }
    Ok(operates)
}

fn parse_tier(text: &str) -> Result<Tier, Error> {
    Tier::parse(text).ok_or_else(|| Error::Corrupt(format!("tier {text:?}")))
}
