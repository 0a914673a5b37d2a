//! API clients, and the secrets with which they get access tokens (R9).

use diesel::dsl::count_star;
use diesel::prelude::*;
use domain::Timestamp;
use domain::api_client::{AllowedNetworks, ApiClient, ClientSecret, Terms};
use domain::id::{AccountId, ClientId, SessionId};
use domain::values::text::ClientName;
use uuid::Uuid;

use crate::FIRST_VERSION;
use crate::members::parse_role;
use crate::schema::{api_client_secrets as secrets, api_clients as clients};
use crate::store::connection::{MultiBackend, StoreConnection};
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::page::page;
use crate::store::time::{Instant, column, instant};

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct Row {
    id: Key,
    name: String,
    role: String,
    allowed_networks: String,
    expires_at: Option<Instant>,
    last_used_at: Option<Instant>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// A secret of an API client to be stored.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Its id. Access tokens obtained with the secret contain it as their session.
    pub id: SessionId,
    /// The SHA-256 hash of the secret.
    pub hash: Vec<u8>,
    /// The last characters of the secret.
    pub hint: String,
}

/// The API client of an account with this id; `None` if it was revoked.
pub fn by_id(
    tx: &mut StoreConnection,
    account: AccountId,
    id: ClientId,
    now: Timestamp,
) -> Result<Option<ApiClient>, Error> {
    let own = clients::table.filter(clients::account_id.eq(Key::from(account))).filter(clients::revoked_at.is_null());
    let row = own.filter(clients::id.eq(Key::from(id))).select(Row::as_select()).first(tx).optional()?;
    row.map(|row| client(tx, row, now)).transpose()
}

/// The API clients of an account, sorted by id, starting after a cursor.
pub fn list(
    tx: &mut StoreConnection,
    account: AccountId,
    after: Option<Uuid>,
    newest_first: bool,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<ApiClient>, Error> {
    let mut wanted = clients::table
        .filter(clients::account_id.eq(Key::from(account)))
        .filter(clients::revoked_at.is_null())
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    wanted = match (newest_first, after.map(Key::from)) {
        (false, None) => wanted.order(clients::id.asc()),
        (false, Some(after)) => wanted.filter(clients::id.gt(after)).order(clients::id.asc()),
        (true, None) => wanted.order(clients::id.desc()),
        (true, Some(after)) => wanted.filter(clients::id.lt(after)).order(clients::id.desc()),
    };
    page(wanted, limit, tx)?.into_iter().map(|row| client(tx, row, now)).collect()
}

/// The number of API clients of an account.
pub fn count(tx: &mut StoreConnection, account: AccountId) -> Result<i64, Error> {
    let own = clients::table.filter(clients::account_id.eq(Key::from(account))).filter(clients::revoked_at.is_null());
    Ok(own.select(count_star()).first(tx)?)
}

/// Creates an API client with its first secret.
pub fn insert(
    tx: &mut StoreConnection,
    account: AccountId,
    id: ClientId,
    name: &ClientName,
    terms: &Terms,
    secret: &NewSecret,
    now: Timestamp,
) -> Result<ApiClient, Error> {
    let Terms { role, expires_at, networks } = terms;
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(Key::from(id)),
            clients::account_id.eq(Key::from(account)),
            clients::name.eq(name.as_str()),
            clients::role.eq(role.as_str()),
            clients::allowed_networks.eq(networks.texts().join(" ")),
            clients::expires_at.eq(expires_at.map(column)),
            clients::last_used_at.eq(None::<Instant>),
            clients::version.eq(FIRST_VERSION),
            clients::created_at.eq(column(now)),
            clients::updated_at.eq(column(now)),
            clients::revoked_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    add_secret(tx, id, secret, now)?;
    let first = ClientSecret { hint: secret.hint.clone(), created_at: now, expires_at: None };
    Ok(ApiClient {
        id,
        name: name.clone(),
        terms: terms.clone(),
        secrets: vec![first],
        last_used_at: None,
        version: FIRST_VERSION,
        created_at: now,
        updated_at: now,
    })
}

/// Updates the name and the terms of an API client.
pub fn update(
    tx: &mut StoreConnection,
    before: &ApiClient,
    name: &ClientName,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), Error> {
    let Terms { role, expires_at, networks } = terms;
    diesel::update(clients::table.filter(clients::id.eq(Key::from(before.id))))
        .set((
            clients::name.eq(name.as_str()),
            clients::role.eq(role.as_str()),
            clients::allowed_networks.eq(networks.texts().join(" ")),
            clients::expires_at.eq(expires_at.map(column)),
            clients::version.eq(before.version + 1),
            clients::updated_at.eq(column(now)),
        ))
        .execute(tx)?;
    Ok(())
}

/// Adds a new secret to an API client. The most recent secret before it keeps working until `previous_ends`; all older
/// ones stop working.
pub fn rotate(
    tx: &mut StoreConnection,
    before: &ApiClient,
    secret: &NewSecret,
    previous_ends: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let own = secrets::table.filter(secrets::client_id.eq(Key::from(before.id)));
    let latest: Option<Key> = own.order(secrets::id.desc()).select(secrets::id).first(tx).optional()?;
    if let Some(latest) = latest {
        let older = secrets::table.filter(secrets::client_id.eq(Key::from(before.id))).filter(secrets::id.ne(latest));
        diesel::delete(older).execute(tx)?;
        diesel::update(secrets::table.filter(secrets::id.eq(latest)))
            .set(secrets::expires_at.eq(column(previous_ends)))
            .execute(tx)?;
    }
    add_secret(tx, before.id, secret, now)?;
    diesel::update(clients::table.filter(clients::id.eq(Key::from(before.id))))
        .set((clients::version.eq(before.version + 1), clients::updated_at.eq(column(now))))
        .execute(tx)?;
    Ok(())
}

/// Revokes an API client. Its secrets, and the access tokens obtained with them, stop working.
pub fn revoke(tx: &mut StoreConnection, id: ClientId, now: Timestamp) -> Result<(), Error> {
    diesel::delete(secrets::table.filter(secrets::client_id.eq(Key::from(id)))).execute(tx)?;
    diesel::update(clients::table.filter(clients::id.eq(Key::from(id))))
        .set(clients::revoked_at.eq(Some(column(now))))
        .execute(tx)?;
    Ok(())
}

/// Revokes all API clients of an account that is being closed.
pub(crate) fn revoke_all(tx: &mut StoreConnection, account: AccountId, now: Timestamp) -> Result<(), Error> {
    let own = clients::table.filter(clients::account_id.eq(Key::from(account))).filter(clients::revoked_at.is_null());
    diesel::update(own).set(clients::revoked_at.eq(Some(column(now)))).execute(tx)?;
    Ok(())
}

/// The API client and the id of the secret with this hash. The secret may have expired.
pub fn by_secret(tx: &mut StoreConnection, hash: &[u8]) -> Result<Option<(ClientId, SessionId)>, Error> {
    let found: Option<(Key, Key)> =
        secrets::table.filter(secrets::hash.eq(hash)).select((secrets::client_id, secrets::id)).first(tx).optional()?;
    Ok(found.map(|(client, secret)| (client.id(), secret.id())))
}

/// Records that an API client obtained an access token.
pub fn used(tx: &mut StoreConnection, id: ClientId, now: Timestamp) -> Result<(), Error> {
    diesel::update(clients::table.filter(clients::id.eq(Key::from(id))))
        .set(clients::last_used_at.eq(Some(column(now))))
        .execute(tx)?;
    Ok(())
}

/// Parses the networks column of a row.
pub(crate) fn parse_networks(text: &str) -> Result<AllowedNetworks, Error> {
    let texts: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    AllowedNetworks::parse(&texts).map_err(|_| Error::Corrupt(format!("networks {text:?}")))
}

fn add_secret(tx: &mut StoreConnection, client: ClientId, secret: &NewSecret, now: Timestamp) -> Result<(), Error> {
    let NewSecret { id, hash, hint } = secret;
    diesel::insert_into(secrets::table)
        .values((
            secrets::id.eq(Key::from(*id)),
            secrets::client_id.eq(Key::from(client)),
            secrets::hash.eq(hash),
            secrets::hint.eq(hint),
            secrets::created_at.eq(column(now)),
            secrets::expires_at.eq(None::<Instant>),
        ))
        .execute(tx)?;
    Ok(())
}

fn client(tx: &mut StoreConnection, row: Row, now: Timestamp) -> Result<ApiClient, Error> {
    let Row { id, name, role, allowed_networks, expires_at, last_used_at, version, created_at, updated_at } = row;
    let live: Vec<(String, Instant, Option<Instant>)> = secrets::table
        .filter(secrets::client_id.eq(id))
        .filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(column(now))))
        .order(secrets::id.desc())
        .select((secrets::hint, secrets::created_at, secrets::expires_at))
        .load(tx)?;
    let secret = |(hint, created_at, expires_at): (String, Instant, Option<Instant>)| ClientSecret {
        hint,
        created_at: instant(created_at),
        expires_at: expires_at.map(instant),
    };
    Ok(ApiClient {
        id: id.id(),
        name: ClientName::parse(&name).map_err(|fault| Error::Corrupt(format!("a client's name: {}", fault.code)))?,
        terms: Terms {
            role: parse_role(&role)?,
            expires_at: expires_at.map(instant),
            networks: parse_networks(&allowed_networks)?,
        },
        secrets: live.into_iter().map(secret).collect(),
        last_used_at: last_used_at.map(instant),
        version,
        created_at: instant(created_at),
        updated_at: instant(updated_at),
    })
}
