//! Operations on the API clients of the caller's own account.

use chrono::TimeDelta;
use domain::Timestamp;
use domain::account::Account;
use domain::api_client::{ApiClient, Terms};
use domain::fault::Fault;
use domain::id::ClientId;
use domain::limits::CLIENTS_MAX;
use domain::refusal::Refusal;
use domain::values::text::ClientName;
use persistence::api_clients::{self, NewSecret};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::{Error, Result, value_error};
use crate::events::record::{difference, record_for};
use crate::ids::new_id;
use crate::security::secret_token::SecretToken;

/// The command to create an API client.
#[derive(Debug, Clone)]
pub struct CreateApiClient {
    /// Its display name.
    pub name: ClientName,
    /// Its role, its expiry and the networks that it may call from.
    pub terms: Terms,
}

/// The changes to an API client; `None` leaves a field as it is.
#[derive(Debug, Clone)]
pub struct ChangeApiClient {
    /// Its display name.
    pub name: Option<ClientName>,
    /// Its role.
    pub role: Option<domain::authority::Role>,
    /// When it expires; `Some(None)` means never.
    pub expires_at: Option<Option<Timestamp>>,
    /// The networks that it may call from.
    pub networks: Option<domain::api_client::AllowedNetworks>,
}

/// Loads an API client of the actor's own account.
pub fn load(tx: &mut Tx<'_>, actor: &Actor, id: &str) -> Result<ApiClient> {
    let now = tx.now;
    let id = ClientId::parse(id).ok_or(Refusal::NotFound)?;
    Ok(api_clients::by_id(tx, actor.account(), id, now)?.ok_or(Refusal::NotFound)?)
}

/// Creates an API client with its first secret. Refused if the account has `CLIENTS_MAX` of them.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    account: &Account,
    command: &CreateApiClient,
    secret: &SecretToken,
) -> Result<ApiClient> {
    let now = tx.now;
    let CreateApiClient { name, terms } = command;
    check_end(terms, now)?;
    within(actor, terms)?;
    if api_clients::count(tx, account.id)? >= CLIENTS_MAX {
        return Err(Refusal::TooManyClients.into());
    }
    let client = api_clients::insert(tx, account.id, new_id(now), name, terms, &stored(secret, now), now)?;
    record_for(tx, account, client.id, "created", (Value::Null, fields(name, terms)))?;
    Ok(client)
}

/// Updates an API client. A change without effect is not recorded.
pub fn update(
    tx: &mut Tx<'_>,
    actor: &Actor,
    account: &Account,
    before: ApiClient,
    change: &ChangeApiClient,
) -> Result<ApiClient> {
    let now = tx.now;
    let ChangeApiClient { name, role, expires_at, networks } = change.clone();
    let name = name.unwrap_or_else(|| before.name.clone());
    let terms = Terms {
        role: role.unwrap_or(before.terms.role),
        expires_at: expires_at.unwrap_or(before.terms.expires_at),
        networks: networks.unwrap_or_else(|| before.terms.networks.clone()),
    };
    within(actor, &before.terms)?;
    if name == before.name && terms == before.terms {
        return Ok(before);
    }
    if change.expires_at.is_some() {
        check_end(&terms, now)?;
    }
    within(actor, &terms)?;
    api_clients::update(tx, &before, &name, &terms, now)?;
    let changed = difference(fields(&before.name, &before.terms), fields(&name, &terms));
    record_for(tx, account, before.id, "updated", changed)?;
    Ok(api_clients::by_id(tx, account.id, before.id, now)?.ok_or(Refusal::NotFound)?)
}

/// Gives an API client a new secret. The current one keeps working for `previous_seconds`.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    actor: &Actor,
    account: &Account,
    before: &ApiClient,
    previous_seconds: i64,
    secret: &SecretToken,
) -> Result<ApiClient> {
    let now = tx.now;
    within(actor, &before.terms)?;
    api_clients::rotate(tx, before, &stored(secret, now), now + TimeDelta::seconds(previous_seconds), now)?;
    let after = json!({"secret": "changed", "previous_secret_expires_in": previous_seconds});
    record_for(tx, account, before.id, "secret_rotated", (Value::Null, after))?;
    Ok(api_clients::by_id(tx, account.id, before.id, now)?.ok_or(Refusal::NotFound)?)
}

/// Revokes an API client. This can't be undone.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, account: &Account, client: &ApiClient) -> Result<()> {
    let now = tx.now;
    within(actor, &client.terms)?;
    api_clients::revoke(tx, client.id, now)?;
    record_for(tx, account, client.id, "revoked", (fields(&client.name, &client.terms), Value::Null))
}

/// Refuses an expiry in the past.
fn check_end(terms: &Terms, now: Timestamp) -> Result<()> {
    if terms.expires_at.is_some_and(|at| at <= now) {
        let fault = Fault::new("in_the_past", "Give an instant that is still to come, or null.");
        return Err(Error::validation(vec![value_error("/expires_at", fault)]));
    }
    Ok(())
}

/// An API client can grant or change only terms within its own. Members have no such limit.
fn within(actor: &Actor, terms: &Terms) -> Result<()> {
    actor.terms().map_or(Ok(()), |own| terms.check_within(own).map_err(Error::faulty))
}

fn stored(secret: &SecretToken, now: Timestamp) -> NewSecret {
    NewSecret { id: new_id(now), hash: secret.hash(), hint: secret.hint().to_owned() }
}

/// The fields of an API client as events show them.
fn fields(name: &ClientName, terms: &Terms) -> Value {
    let Terms { role, expires_at, networks } = terms;
    json!({
        "name": name.as_str(),
        "role": role.as_str(),
        "expires_at": expires_at,
        "allowed_networks": networks.texts(),
    })
}
