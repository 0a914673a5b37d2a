//! Operations on users in Teams.

use domain::account::{Account, check_open};
use domain::direct_routing::{DirectRouting, State as RouteState, policy_name};
use domain::id::UserId;
use domain::refusal::Refusal;
use domain::teams::{State, TeamsUser, Wanted};
use domain::user::User;
use domain::values::phone_number::PhoneNumber;
use persistence::{direct_routing, teams_users, users};
use serde_json::{Value, json};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{NewEvent, difference, record, record_for};

/// What a user is to have in Teams; `None` if its route is not established.
#[must_use]
pub fn wanted(routing: &DirectRouting, user: &User) -> Option<Wanted> {
    let route = routing.route(&user.settings.voice_route)?;
    let RouteState::Established { link, .. } = &route.state else { return None };
    Some(Wanted {
        tenant: link.tenant.clone(),
        teams_user: user.settings.teams_user.clone(),
        number: user.settings.default_number.clone(),
        policy_name: policy_name(&link.domain),
        policy_id: route.voice_policy.as_ref().map(|policy| policy.id.clone()),
    })
}

/// Asks for the number and policy of a user. Does nothing if it has them, other than having it looked at again.
pub fn apply(tx: &mut Tx<'_>, account: &Account, user: &User, replaces: bool) -> Result<TeamsUser> {
    check_open(account.status)?;
    let routing = direct_routing::load(tx, account.id)?;
    routing.check_voice_route(&user.settings.voice_route)?;
    let wanted = wanted(&routing, user).ok_or(Refusal::NotFound)?;
    let before = teams_users::by_id(tx, user.id)?;
    let now = tx.now;
    let after = match before.clone() {
        Some(known) => known.apply(replaces, now)?,
        None => TeamsUser::requested(user.id, account.id, &wanted, replaces, now),
    };
    store(tx, account, before.as_ref(), &after, true)?;
    Ok(after)
}

/// Asks that number and policy of a user are taken back. Does nothing if it has none.
pub fn release(tx: &mut Tx<'_>, account: &Account, user: &User) -> Result<Option<TeamsUser>> {
    let Some(before) = teams_users::by_id(tx, user.id)? else { return Ok(None) };
    let after = before.clone().release(tx.now);
    store(tx, account, Some(&before), &after, true)?;
    Ok(Some(after))
}

/// Notes that what a user waits for was done by hand. A deleted user is forgotten then.
pub fn confirm(tx: &mut Tx<'_>, account: &Account, id: UserId, user: Option<&User>) -> Result<TeamsUser> {
    let before = teams_users::by_id(tx, id)?.filter(|known| known.account == account.id);
    let before = before.ok_or(if user.is_some() {
        Refusal::WrongTeamsState { state: State::NotRequested.as_str(), command: "confirmed" }
    } else {
        Refusal::NotFound
    })?;
    let routing = direct_routing::load(tx, account.id)?;
    let wanted = user.and_then(|user| wanted(&routing, user));
    let after = before.clone().confirm(wanted.as_ref(), tx.now)?;
    store(tx, account, Some(&before), &after, true)?;
    if user.is_none() {
        teams_users::delete(tx, id)?;
    }
    Ok(after)
}

/// Has what a user has in Teams follow its changed settings.
pub fn follow(tx: &mut Tx<'_>, account: &Account, before: &User, after: &User) -> Result<()> {
    let Some(known) = teams_users::by_id(tx, before.id)? else { return Ok(()) };
    let follows = known.clone().follow(&before.settings, &after.settings, tx.now);
    // The version of the user has changed already.
    store(tx, account, Some(&known), &follows, false)
}

/// Takes back what a user has in Teams, because it is deleted.
pub fn let_go(tx: &mut Tx<'_>, account: &Account, user: &User) -> Result<()> {
    let Some(before) = teams_users::by_id(tx, user.id)? else { return Ok(()) };
    let after = before.clone().release(tx.now);
    if after.state == State::Releasing {
        return store(tx, account, Some(&before), &after, false);
    }
    Ok(teams_users::delete(tx, user.id)?)
}

/// Asks for the number and policy of all users that have not got them, and returns how many they are.
pub fn apply_to_all(tx: &mut Tx<'_>, account: &Account, replaces: bool) -> Result<i64> {
    check_open(account.status)?;
    direct_routing::load(tx, account.id)?.check_established()?;
    let now = tx.now;
    let asked = i64::try_from(teams_users::request_all(tx, account.id, replaces, now)?).unwrap_or(i64::MAX);
    if asked > 0 {
        let after = json!({"users": asked, "replaces": replaces});
        record(tx, &NewEvent::to_account(account, "teams_requested", Value::Null, after))?;
    }
    Ok(asked)
}

/// Stores what came of an attempt, unless the user has changed since it began. What Microsoft is doing is stored then, too.
/// A deleted user that has nothing any more is forgotten.
pub fn conclude(tx: &mut Tx<'_>, account: &Account, tried: &TeamsUser, after: TeamsUser) -> Result<()> {
    let Some(known) = teams_users::by_id(tx, tried.user)? else { return Ok(()) };
    if !known.differs_in_time_only(tried) {
        if after.operation != tried.operation || after.assigning_until != tried.assigning_until {
            let (operation, assigning_until) = (after.operation, after.assigning_until);
            teams_users::save(tx, &TeamsUser { operation, assigning_until, ..known }, false)?;
        }
        return Ok(());
    }
    // Somebody may have asked meanwhile that it is attempted sooner.
    let due_at = if known.due_at == tried.due_at { after.due_at } else { after.due_at.min(known.due_at) };
    let after = TeamsUser { due_at, ..after };
    if tried.number.is_some() && tried.number != after.number {
        let (before, now) = (json!({"teams_number": number_of(tried)}), json!({"teams_number": number_of(&after)}));
        record_for(tx, account, tried.user, "teams_number_released", (before, now))?;
    }
    if tried.state != after.state {
        record_change(tx, account, Some(tried), &after)?;
    }
    if after.state == State::Released && users::owner(tx, tried.user)?.is_none() {
        return Ok(teams_users::delete(tx, tried.user)?);
    }
    let is_shown = shown(tried) != shown(&after) || tried.missing != after.missing || tried.person != after.person;
    Ok(teams_users::save(tx, &after, is_shown)?)
}

fn number_of(user: &TeamsUser) -> Option<&str> {
    user.number.as_ref().map(PhoneNumber::as_str)
}

fn store(
    tx: &mut Tx<'_>,
    account: &Account,
    before: Option<&TeamsUser>,
    after: &TeamsUser,
    is_shown: bool,
) -> Result<()> {
    if before == Some(after) {
        return Ok(());
    }
    teams_users::save(tx, after, is_shown)?;
    if before.is_none_or(|before| before.state != after.state || before.since != after.since) {
        record_change(tx, account, before, after)?;
    }
    Ok(())
}

fn record_change(tx: &mut Tx<'_>, account: &Account, before: Option<&TeamsUser>, after: &TeamsUser) -> Result<()> {
    let done = match after.state {
        State::NotRequested => return Ok(()),
        State::Pending => "teams_requested",
        State::Applied => "teams_applied",
        State::Failed => "teams_failed",
        State::Drifted => "teams_drifted",
        State::Releasing => "teams_releasing",
        State::Released => "teams_released",
    };
    let was = before.map_or_else(|| json!({"teams_state": State::NotRequested.as_str()}), shown);
    let (mut was, mut is) = difference(was, shown(after));
    // What it was given may have been noted before.
    for (shown, of) in [(&mut was, before), (&mut is, Some(after))] {
        shown["teams_number"] = json!(of.and_then(number_of));
        shown["teams_policy"] = json!(of.and_then(|of| of.policy.as_ref()).map(|policy| &policy.name));
    }
    record_for(tx, account, after.user, done, (was, is))
}

/// The fields of a user in Teams as events show them.
fn shown(user: &TeamsUser) -> Value {
    json!({
        "teams_state": user.state.as_str(),
        "teams_number": number_of(user),
        "teams_policy": user.policy.as_ref().map(|policy| &policy.name),
        "teams_found_number": user.found.as_ref().and_then(|found| found.number.as_ref()),
        "teams_found_policy": user.found.as_ref().and_then(|found| found.policy.as_ref()),
        "teams_failure": user.failure.as_ref().map(|failure| failure.code.as_str()),
        "teams_failure_detail": user.failure.as_ref().map(|failure| &failure.detail),
    })
}
