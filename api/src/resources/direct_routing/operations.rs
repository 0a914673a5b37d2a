//! Operations on the Direct Routing routes of an enterprise.

use domain::account::{Account, Tier, check_open};
use domain::direct_routing::{Anchor, Command, DirectRouting, Route, Verdict, VoicePolicy, check_may_confirm};
use domain::enterprise::SbcRegionCode;
use domain::refusal::Refusal;
use domain::teams::Missing;
use persistence::{blockers, direct_routing, left_domains, teams_users};
use serde_json::json;

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::resources::accounts::routing::{note, save, show_anchor, step, with};

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

/// Stores the result of a step that the worker attempted, and the anchor user and voice routing policy that it found. If the
/// route has changed since the attempt started, nothing is stored.
pub fn conclude(
    tx: &mut Tx<'_>,
    account: &Account,
    tried: &Route,
    (anchor, voice_policy): (Option<Anchor>, Option<String>),
    permissions: Option<Vec<String>>,
    verdict: Verdict,
) -> Result<()> {
    let now = tx.now;
    let mut before = direct_routing::load(tx, account.id)?;
    if permissions.is_some() && permissions != before.permissions {
        before = DirectRouting { version: before.version + 1, permissions, ..before };
    }
    // Every attempt changes when the next one is due.
    let Some(route) = before.route(&tried.region).filter(|route| *route == tried) else {
        // The domain was added for a route that is gone.
        if let (Verdict::Go { command: Command::Confirm(Some(_)), .. }, Some(link)) = (&verdict, tried.state.link())
            && before.route(&tried.region).is_none_or(|route| route.state.link() != Some(link))
        {
            left_domains::queue(tx, account.id, link, now)?;
        }
        return Ok(());
    };
    let known = route.voice_policy.clone().filter(|known| voice_policy.as_ref() == Some(&known.id));
    let voice_policy = known.or_else(|| voice_policy.map(|id| VoicePolicy { id, found_at: now }));
    if route.voice_policy.is_none() && voice_policy.is_some() {
        teams_users::end_wait(tx, account.id, &[Missing::Policy, Missing::Consent], now)?;
    }
    let route = Route { anchor, voice_policy, ..route.clone() };
    let seen = |anchor: Option<Anchor>| anchor.map(|anchor| (anchor.id, anchor.state, anchor.holds_licence()));
    if seen(anchor) != seen(tried.anchor) {
        let shown = |anchor| {
            let mut fields = json!({"region": tried.region.as_str()});
            show_anchor(&mut fields, anchor);
            fields
        };
        note(tx, account, "anchor_user_changed", (shown(tried.anchor), shown(anchor)))?;
    }
    match verdict {
        Verdict::Go { command, error } => {
            let error = error.map(|error| (now, error));
            let before = with(&before, &tried.region, Some(route));
            step(tx, account, &before, &tried.region, command, error)?;
        }
        Verdict::Wait { due_at, attempts, error } => {
            let waiting = Route { due_at, attempts, last_error: error.map(|error| (now, error)), ..route };
            let after = with(&before, &tried.region, Some(waiting));
            save(tx, account.id, &before, &after)?;
        }
    }
    Ok(())
}
