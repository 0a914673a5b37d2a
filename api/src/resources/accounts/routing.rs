//! Changes to the Direct Routing routes of an enterprise, stored and recorded. Accounts need them too: a changed address
//! unbinds routes from the tenant of the old one.

use domain::Timestamp;
use domain::account::Account;
use domain::direct_routing::{Anchor, AnchorState, Command, DirectRouting, Failure, Route, State};
use domain::enterprise::SbcRegionCode;
use domain::id::{AccountId, Licence};
use domain::refusal::Refusal;
use domain::status::Status;
use domain::values::email::EmailAddress;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::tenant::Tenant;
use persistence::lent_licences::LentLicence;
use persistence::{StoreConnection, direct_routing, directories, left_domains, lent_licences};
use serde_json::{Value, json};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, difference, record};
use crate::ids::new_id;

/// Removes the routes that are bound to the tenant of an address that the enterprise no longer has, unless they are
/// established: an administrator of the tenant has agreed to those. The address names the tenant only for as long as the
/// enterprise has it (R11).
pub fn unbind(tx: &mut Tx<'_>, account: &Account, new: &EmailAddress) -> Result<()> {
    let Ok(of_old) = Tenant::of_address(account.email.canonical()) else { return Ok(()) };
    if Tenant::of_address(new.canonical()).as_ref() == Ok(&of_old) {
        return Ok(());
    }
    directories::forget(tx, account.id)?;
    let mut before = direct_routing::load(tx, account.id)?;
    if before.permissions.is_some() {
        let after = DirectRouting { version: before.version + 1, permissions: None, ..before.clone() };
        save(tx, account.id, &before, &after)?;
        before = after;
    }
    let is_bound =
        |route: &&Route| !route.state.is_established() && route.state.link().is_some_and(|link| link.tenant == of_old);
    let bound: Vec<_> = before.routes.iter().filter(is_bound).map(|route| route.region.clone()).collect();
    let mut routing = before;
    for region in bound {
        routing = step(tx, account, &routing, &region, Command::Remove, None)?;
    }
    Ok(())
}

/// The tenant of an enterprise: that of its started routes, or that of its e-mail address.
pub fn tenant_of(tx: &mut StoreConnection, account: &Account) -> Result<Tenant> {
    let routing = direct_routing::load(tx, account.id)?;
    let started = routing.routes.iter().find_map(|route| route.state.link());
    match started {
        Some(link) => Ok(link.tenant.clone()),
        None => Ok(Tenant::of_address(account.email.canonical()).map_err(|_| Refusal::NotFound)?),
    }
}

/// Applies a command to a route, stores it and records the event.
pub fn step(
    tx: &mut Tx<'_>,
    account: &Account,
    before: &DirectRouting,
    region: &SbcRegionCode,
    command: Command,
    last_error: Option<(Timestamp, String)>,
) -> Result<DirectRouting> {
    let now = tx.now;
    let done = command.done();
    let anchor = before.route(region).and_then(|route| route.anchor);
    if let Command::Start(link) = &command
        && !left_domains::keep(tx, link, now)?
    {
        return Err(Refusal::RouteDomainBeingRemoved.into());
    }
    if command == Command::Remove {
        leave_domain(tx, account, before.route(region))?;
    }
    let anchor = match &command {
        Command::Remove | Command::Fail(_) => {
            take_licence_back(tx, before.route(region))?;
            // A domain that left the tenant has lost its users, too.
            let without = |anchor: Anchor| Anchor { licence: None, state: AnchorState::Created, ..anchor };
            anchor.filter(|_| command != Command::Fail(Failure::DomainGone)).map(without)
        }
        Command::Start(_) | Command::Confirm(_) | Command::Retry => anchor,
    };
    let route = Route {
        region: region.clone(),
        state: before.state(region).after(command)?,
        since: now,
        attempts: 0,
        due_at: now,
        last_error,
        anchor,
        // Only established routes have one, and a command makes them something else.
        voice_policy: None,
    };
    let after = with(before, region, (route.state != State::NotStarted).then_some(route));
    let after = DirectRouting { version: before.version + 1, ..after };
    save(tx, account.id, before, &after)?;
    let tenant = tenant_of(tx, account)?;
    if directories::by_account(tx, account.id)?.is_some_and(|directory| directory.tenant != tenant) {
        directories::forget(tx, account.id)?;
    }
    let shown = |of: &DirectRouting| fields(&of.state(region), of.route(region));
    let (was, is) = (shown(before), shown(&after));
    let (mut was, mut is) = difference(was, is);
    for shown in [&mut was, &mut is] {
        shown["region"] = json!(region.as_str());
    }
    note(tx, account, &format!("route_{done}"), (was, is))?;
    Ok(after)
}

/// Queues what the service made in the tenant of a route for removal: its domain and anchor user. The service enters no tenant
/// for an enterprise that has not proved its address, unless the route has got as far as its TXT record.
pub fn leave_domain(tx: &mut Tx<'_>, account: &Account, route: Option<&Route>) -> Result<()> {
    let left = route
        .filter(|route| account.status != Status::Pending || route.state.txt().is_some() || route.anchor.is_some());
    let Some(link) = left.and_then(|route| route.state.link()) else { return Ok(()) };
    let now = tx.now;
    Ok(left_domains::queue(tx, account.id, link, now)?)
}

/// Queues the licence that a route's anchor user has, or is about to get, to be taken back.
pub fn take_licence_back(tx: &mut Tx<'_>, route: Option<&Route>) -> Result<()> {
    let lent = route.and_then(|route| Some((route.state.link()?.tenant.clone(), route.anchor?)));
    let Some((tenant, Anchor { id: user, licence: Some(licence), .. })) = lent else { return Ok(()) };
    let now = tx.now;
    let lent = LentLicence { id: new_id::<Licence>(now).uuid(), tenant, user, licence, since: now, attempts: 0 };
    Ok(lent_licences::queue(tx, &lent)?)
}

/// The Direct Routing with another route of a region, or without one.
#[must_use]
pub fn with(before: &DirectRouting, region: &SbcRegionCode, route: Option<Route>) -> DirectRouting {
    let mut routes: Vec<_> = before.routes.iter().filter(|route| route.region != *region).cloned().collect();
    routes.extend(route);
    routes.sort_by(|one, other| one.region.cmp(&other.region));
    DirectRouting { routes, ..before.clone() }
}

/// Stores changed routes. Refused if the domain of one is taken.
pub fn save(tx: &mut StoreConnection, account: AccountId, before: &DirectRouting, after: &DirectRouting) -> Result<()> {
    if direct_routing::save(tx, account, before, after)? { Ok(()) } else { Err(Refusal::RouteDomainTaken.into()) }
}

/// Records an event of Direct Routing.
pub fn note(tx: &mut Tx<'_>, account: &Account, done: &str, (before, after): (Value, Value)) -> Result<()> {
    let (action, subject) = (format!("direct_routing.{done}"), account.id_text());
    record(tx, &NewEvent { action, subject, ancestry: account.ancestry(), before, after })
}

/// The fields of a route as events show them.
fn fields(state: &State, route: Option<&Route>) -> Value {
    let failure = match state {
        State::Failed { reason, .. } => Some(reason.as_str()),
        State::NotStarted | State::Working { .. } | State::Established { .. } => None,
    };
    let mut fields = json!({
        "state": state.as_str(),
        "verification_txt": state.txt().map(VerificationTxt::as_str),
        "tenant": state.link().map(|link| link.tenant.as_str()),
        "domain": state.domain().map(RouteDomain::as_str),
        "failure": failure,
        "last_error": route.and_then(|route| route.last_error.as_ref()).map(|(_, error)| error),
    });
    show_anchor(&mut fields, route.and_then(|route| route.anchor));
    fields
}

/// Adds the anchor user of a route to what an event shows.
pub fn show_anchor(fields: &mut Value, anchor: Option<Anchor>) {
    fields["anchor_user"] = json!(anchor.map(|anchor| anchor.state.as_str()));
    fields["licence_held"] = json!(anchor.is_some_and(Anchor::holds_licence));
}
