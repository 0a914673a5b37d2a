//! Operations on the Direct Routing routes of an enterprise.

use domain::Timestamp;
use domain::account::{Account, Tier, check_open};
use domain::direct_routing::{Command, DirectRouting, Route, State, Verdict, check_may_confirm};
use domain::enterprise::SbcRegionCode;
use domain::id::AccountId;
use domain::refusal::Refusal;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use persistence::{StoreConnection, blockers, direct_routing};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, difference, record};

/// Parses the region in a path. Not found unless it is one of the enterprise's SBC regions.
pub fn region_of(account: &Account, text: &str) -> Result<SbcRegionCode> {
    let regions = account.enterprise.iter().flat_map(|enterprise| enterprise.sbc_regions.iter());
    Ok(regions.into_iter().find(|region| region.as_str() == text).cloned().ok_or(Refusal::NotFound)?)
}

/// Checks that the actor may confirm a step for an enterprise that it can see (R11). If the service runs the steps
/// itself (`automatic`), only staff may.
pub fn may_confirm(actor: &Actor, routing: &DirectRouting, automatic: bool) -> Result<()> {
    check_may_confirm(actor.tier(), routing.consent_given_at.is_some())?;
    if automatic && actor.tier() != Tier::Platform {
        return Err(Refusal::StepsAreAutomatic.into());
    }
    Ok(())
}

/// Applies a command to a route of an enterprise that was loaded for the actor. A route that PBXs, trunks or users need
/// can't be removed.
pub fn command(
    tx: &mut Tx<'_>,
    account: &Account,
    before: &DirectRouting,
    region: &SbcRegionCode,
    command: Command,
) -> Result<DirectRouting> {
    check_open(account.status)?;
    if command == Command::Remove && before.state(region).is_established() {
        let others = before.routes.iter().filter(|route| route.region != *region);
        let is_last = !others.into_iter().any(|route| route.state.is_established());
        let needing = blockers::on_route(tx, account.id, region, is_last)?;
        if needing.total > 0 {
            return Err(Refusal::RouteInUse(needing).into());
        }
    }
    step(tx, account, before, region, command, None)
}

/// Gives or withdraws the consent that lets the accounts above an enterprise manage its Direct Routing.
pub fn set_consent(tx: &mut Tx<'_>, account: &Account, before: &DirectRouting, given: bool) -> Result<DirectRouting> {
    let now = tx.now;
    check_open(account.status)?;
    if before.consent_given_at.is_some() == given {
        return Ok(before.clone());
    }
    let consent_given_at = given.then_some(now);
    let after = DirectRouting { version: before.version + 1, consent_given_at, ..before.clone() };
    save(tx, account.id, before, &after)?;
    let done = if given { "consent_given" } else { "consent_withdrawn" };
    note(tx, account, done, (json!({"given": !given}), json!({"given": given})))?;
    Ok(after)
}

/// Stores the result of a step that the worker attempted. If the route has changed since the attempt started, nothing
/// is stored.
pub fn conclude(tx: &mut Tx<'_>, account: &Account, tried: &Route, verdict: Verdict) -> Result<()> {
    let now = tx.now;
    let before = direct_routing::load(tx, account.id)?;
    let same = |route: &Route| (&route.state, route.since) == (&tried.state, tried.since);
    let Some(route) = before.route(&tried.region).filter(|route| same(route)) else { return Ok(()) };
    match verdict {
        Verdict::Go { command, error } => {
            let error = error.map(|error| (now, error));
            step(tx, account, &before, &tried.region, command, error)?;
        }
        Verdict::Wait { due_at, attempts, error } => {
            let waiting = Route { due_at, attempts, last_error: Some((now, error)), ..route.clone() };
            let after = with(&before, &tried.region, Some(waiting));
            save(tx, account.id, &before, &after)?;
        }
    }
    Ok(())
}

fn step(
    tx: &mut Tx<'_>,
    account: &Account,
    before: &DirectRouting,
    region: &SbcRegionCode,
    command: Command,
    last_error: Option<(Timestamp, String)>,
) -> Result<DirectRouting> {
    let now = tx.now;
    let done = command.done();
    let state = before.state(region).after(command)?;
    let route = Route { region: region.clone(), state, since: now, attempts: 0, due_at: now, last_error };
    let after = with(before, region, (route.state != State::NotStarted).then_some(route));
    let after = DirectRouting { version: before.version + 1, ..after };
    save(tx, account.id, before, &after)?;
    let shown = |of: &DirectRouting| fields(&of.state(region), of.route(region));
    let (was, is) = (shown(before), shown(&after));
    let (mut was, mut is) = difference(was, is);
    for shown in [&mut was, &mut is] {
        shown["region"] = json!(region.as_str());
    }
    note(tx, account, &format!("route_{done}"), (was, is))?;
    Ok(after)
}

fn with(before: &DirectRouting, region: &SbcRegionCode, route: Option<Route>) -> DirectRouting {
    let mut routes: Vec<_> = before.routes.iter().filter(|route| route.region != *region).cloned().collect();
    routes.extend(route);
    routes.sort_by(|one, other| one.region.cmp(&other.region));
    DirectRouting { routes, ..before.clone() }
}

fn save(tx: &mut StoreConnection, account: AccountId, before: &DirectRouting, after: &DirectRouting) -> Result<()> {
    if direct_routing::save(tx, account, before, after)? { Ok(()) } else { Err(Refusal::RouteDomainTaken.into()) }
}

fn note(tx: &mut Tx<'_>, account: &Account, done: &str, (before, after): (Value, Value)) -> Result<()> {
    let (action, subject) = (format!("direct_routing.{done}"), account.id_text());
    record(tx, &NewEvent { action, subject, ancestry: account.ancestry(), before, after })
}

/// The fields of a route as events show them.
fn fields(state: &State, route: Option<&Route>) -> Value {
    let failure = match state {
        State::Failed { reason, .. } => Some(reason.as_str()),
        State::NotStarted | State::Working { .. } | State::Established { .. } => None,
    };
    json!({
        "state": state.as_str(),
        "verification_txt": state.txt().map(VerificationTxt::as_str),
        "tenant": state.link().map(|link| link.tenant.as_str()),
        "domain": state.domain().map(RouteDomain::as_str),
        "failure": failure,
        "last_error": route.and_then(|route| route.last_error.as_ref()).map(|(_, error)| error),
    })
}
