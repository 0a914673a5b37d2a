//! Loading, creating, changing and deleting trunks.

use domain::account::{Account, check_open};
use domain::id::TrunkId;
use domain::refusal::Refusal;
use domain::services::Service;
use domain::trunk::{Change, Codec, ConcurrentCalls, Method, Settings, Trunk};
use domain::values::network::Host;
use domain::values::sip::SipPassword;
use domain::values::text::{AuthenticationName, TrunkName};
use persistence::{StoreConnection, blockers, direct_routing, trunks};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::events::record::record_for;
use crate::ids::new_id;
use crate::resources::telephony::{resealed, sealed, updated};

/// The data of a new trunk.
#[derive(Debug, Clone)]
pub struct CreateTrunk {
    /// Its display name.
    pub name: TrunkName,
    /// The host of its remote end.
    pub host: Host,
    /// Its other settings; those that are absent get their defaults.
    pub change: Change,
    /// The password to register with.
    pub password: Option<SipPassword>,
}

/// A change of a trunk.
#[derive(Debug, Clone)]
pub struct ChangeTrunk {
    /// The new settings.
    pub change: Change,
    /// The new password; `None` keeps the old one, `Some(None)` removes it.
    pub password: Option<Option<SipPassword>>,
}

/// Loads a trunk and its enterprise, and checks that the actor may read or change it.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<(Account, Trunk)> {
    let id = TrunkId::parse(id).ok_or(Refusal::NotFound)?;
    let owner = trunks::owner(tx, id)?;
    let account = actor.load_owner(tx, owner)?;
    let trunk = trunks::by_id(tx, account.id, id)?.ok_or(Refusal::NotFound)?;
    Ok((account, trunk))
}

/// Creates a trunk in an enterprise that was loaded for the actor. The enterprise needs the service `trunk` and an
/// established route (R13).
pub fn create(tx: &mut Tx<'_>, account: &Account, command: &CreateTrunk) -> Result<Trunk> {
    let now = tx.now;
    let CreateTrunk { name, host, change, password } = command;
    let settings = Settings::new(name.clone(), host.clone(), change).map_err(Error::faulty)?;
    settings.check_password(None, password.is_some()).map_err(Error::faulty)?;
    check_open(account.status)?;
    if !account.services.has(Service::Trunk) {
        return Err(Refusal::ServiceMissing(Service::Trunk).into());
    }
    direct_routing::load(tx, account.id)?.check_established()?;
    let id = new_id(now);
    let password = password.as_ref().map(|password| sealed(tx.seal, id, password)).transpose()?;
    let trunk = trunks::insert(tx, account.id, id, &settings, password.as_deref(), now)?;
    record_for(tx, account, id, "created", (Value::Null, fields(&trunk)))?;
    Ok(trunk)
}

/// Changes a trunk that was loaded for the actor, and records the event. If no value differs, nothing is written.
pub fn update(tx: &mut Tx<'_>, account: &Account, before: Trunk, command: &ChangeTrunk) -> Result<Trunk> {
    let now = tx.now;
    let ChangeTrunk { change, password } = command;
    check_open(account.status)?;
    let settings = before.settings.after(change).map_err(Error::faulty)?;
    let given = password.as_ref().is_some_and(Option::is_some);
    settings.check_password(Some(&before.settings), given).map_err(Error::faulty)?;
    // A trunk that authenticates by IP address has no password, so switching to it removes the stored one.
    let goes = settings.authentication.method() == Method::Ip;
    let password = resealed(tx.seal, before.id, before.has_password, goes, password.as_ref())?;
    if settings == before.settings && password.is_none() {
        return Ok(before);
    }
    let trunk = trunks::update(tx, &before, &settings, password.as_ref().map(Option::as_deref), now)?;
    let changed = updated(fields(&before), fields(&trunk), password.is_some());
    record_for(tx, account, trunk.id, "updated", changed)?;
    Ok(trunk)
}

/// Deletes a trunk. Refused while users are assigned to it.
pub fn delete(tx: &mut Tx<'_>, account: &Account, trunk: &Trunk) -> Result<()> {
    let users = blockers::on_trunk(tx, trunk.id)?;
    if users.total > 0 {
        return Err(Refusal::HasUsers(users).into());
    }
    trunks::delete(tx, trunk.id)?;
    record_for(tx, account, trunk.id, "removed", (fields(trunk), Value::Null))
}

/// The fields of a trunk as events show them.
fn fields(trunk: &Trunk) -> Value {
    let Settings { name, host, port, transport, authentication, codecs, max_concurrent_calls } = &trunk.settings;
    json!({
        "name": name.as_str(),
        "host": host.to_string(),
        "port": port.get(),
        "transport": transport.as_str(),
        "authentication": authentication.method().as_str(),
        "addresses": authentication.networks().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "user_name": authentication.user_name().map(AuthenticationName::as_str),
        "has_password": trunk.has_password,
        "codecs": codecs.iter().map(Codec::as_str).collect::<Vec<_>>(),
        "max_concurrent_calls": max_concurrent_calls.map(ConcurrentCalls::get),
    })
}
